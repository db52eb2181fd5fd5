"""What producers repeat from batch to batch, by the bytes in which it stands in a record. Bounded in bytes."""

from typing import NamedTuple

MAX_SERIES_SETS_A_PRODUCER = 8
MAX_BYTES = 128 * 1024 * 1024
# What Python needs for each byte of the wire: tuples of texts beside the bytes themselves.
MEMORY_FACTOR = 4


class SeriesSet(NamedTuple):
    """Names and labels that were checked: equally many, in order, UTF-8.

    ``raw`` is how they stand in a record, together with the count of the values that follow. ``tail`` ends a record
    after its values if nothing was dropped and nothing is signed.
    """

    raw: bytes
    raw_bytes: int
    packed_bytes: int
    sample_count: int
    names: tuple[str, ...]
    labels: tuple[str, ...]
    tail: bytes


class ProducerSeries:
    """One producer: its ids, how its previous start ended, and the sets of series that it sends."""

    __slots__ = (
        "previous_producer_id",
        "previous_raw",
        "previous_sequence",
        "producer_id",
        "server_id",
        "sets",
        "source",
    )

    def __init__(self, server_id: str, source: str, producer_id: str) -> None:
        self.server_id = server_id
        self.source = source
        self.producer_id = producer_id
        self.previous_raw = b""
        self.previous_producer_id = ""
        self.previous_sequence = -1
        self.sets: list[SeriesSet] = []


class SeriesCache:
    """Producers by the bytes of their ids. Equal sets of series are kept once; when it is full, all is forgotten."""

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self.producers: dict[bytes, ProducerSeries] = {}
        self._sets: dict[bytes, SeriesSet] = {}
        self._max_bytes = max_bytes
        self._bytes = 0

    def add(self, ids: bytes, producer: ProducerSeries, found: SeriesSet) -> None:
        """Keeps a set of series that was seen from a producer."""
        if self._bytes > self._max_bytes:
            self.producers.clear()
            self._sets.clear()
            self._bytes = 0
        shared = self._shared(found)
        known = self.producers.get(ids)
        if known is None:
            self._bytes += len(ids) * MEMORY_FACTOR
            self.producers[ids] = producer
            producer.sets.append(shared)
            return
        known.previous_raw = producer.previous_raw
        known.previous_producer_id = producer.previous_producer_id
        known.previous_sequence = producer.previous_sequence
        if shared not in known.sets:
            known.sets = [shared, *known.sets[: MAX_SERIES_SETS_A_PRODUCER - 1]]

    def _shared(self, found: SeriesSet) -> SeriesSet:
        shared = self._sets.get(found.raw)
        if shared is None:
            shared = self._sets[found.raw] = found
            self._bytes += found.raw_bytes * MEMORY_FACTOR
        return shared
