"""What producers repeat from batch to batch, by the bytes in which it stands in a record. Bounded in bytes."""

from typing import NamedTuple

MAX_SERIES_SETS_A_PRODUCER = 8
MAX_BYTES = 128 * 1024 * 1024
# What Python needs for each byte of the wire: tuples of texts beside the bytes themselves.
MEMORY_FACTOR = 4


class SeriesSet(NamedTuple):
    """Names and labels that were checked: equally many, in order, UTF-8.

    ``raw`` is how they stand in a record, together with the count of the values that follow.
    """

    raw: bytes
    raw_bytes: int
    packed_bytes: int
    sample_count: int
    names: tuple[str, ...]
    labels: tuple[str, ...]


class Producer(NamedTuple):
    """One start of a producer: its ids, how the start before ended (and in which bytes), the series that it sends."""

    server_id: str
    source: str
    producer_id: str
    previous_producer_id: str
    previous_sequence: int
    previous_raw: bytes
    previous_bytes: int
    sets: tuple[SeriesSet, ...] = ()


class SeriesCache:
    """Producers by the bytes of a record up to the end of their ids. When it is full, all is forgotten.

    Equal sets of series are kept once. Entries are replaced whole and never changed, so that threads may share a cache.
    """

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self.producers: dict[bytes, Producer] = {}
        self._sets: dict[bytes, SeriesSet] = {}
        self._max_bytes = max_bytes
        self._bytes = 0

    def add(self, start: bytes, producer: Producer, found: SeriesSet) -> None:
        """Keeps a set of series that was seen from a producer."""
        if self._bytes > self._max_bytes:
            self.producers.clear()
            self._sets.clear()
            self._bytes = 0
        known = self.producers.get(start)
        if known is None:
            self._bytes += len(start) * MEMORY_FACTOR
        others = [one for one in known.sets if one.raw != found.raw] if known else []
        sets = (self._shared(found), *others[: MAX_SERIES_SETS_A_PRODUCER - 1])
        self.producers[start] = producer._replace(sets=sets)

    def _shared(self, found: SeriesSet) -> SeriesSet:
        shared = self._sets.get(found.raw)
        if shared is None:
            shared = self._sets[found.raw] = found
            self._bytes += found.raw_bytes * MEMORY_FACTOR
        return shared
