"""Reads and checks a metric batch without an object per sample.

What a producer repeats from batch to batch (its ids, names and labels) is found again by comparing bytes; the times are
taken apart; the values stay where they are. Whatever looks unusual is read step by step by ``WireReader``.
"""

import itertools
from collections.abc import Mapping
from types import MappingProxyType

from pulsemon_schemas import registry
from pulsemon_schemas.batch_head import BatchHead
from pulsemon_schemas.codec import schema_id_of
from pulsemon_schemas.errors import ContractError
from pulsemon_schemas.series_cache import ProducerSeries, SeriesCache, SeriesSet
from pulsemon_schemas.wire import FRAME_BYTES, frame
from pulsemon_schemas.wire_reader import WireReader

SCHEMA_ID = registry.SCHEMA_IDS["metric_batch.v1"]
FRAME = frame(SCHEMA_ID)
NOTHING_DROPPED: Mapping[str, int] = MappingProxyType({})

# Two times of six bytes each (all from 2004 to 2039 have six): where the bit must stand that says "more follows" ...
MORE_BITS = 0x00_80_80_80_80_80_00_80_80_80_80_80
MORE_MASK = 0x80_80_80_80_80_80_80_80_80_80_80_80
# ... and the seven bits of the even and of the odd bytes, which are pushed together in pairs.
EVEN_BITS = 0x00_7F_00_7F_00_7F_00_7F_00_7F_00_7F
ODD_BITS = 0x7F_00_7F_00_7F_00_7F_00_7F_00_7F_00
TIMES_BYTES = 12


class Walker:
    """Walks over metric batches, remembering what producers repeat. One per thread."""

    def __init__(self, cache: SeriesCache | None = None) -> None:
        self._cache = cache or SeriesCache()
        self._producers = self._cache.producers

    def walk(self, value: bytes) -> BatchHead:
        """The batch in the framed bytes, checked to the last byte. Raises ContractError with the reason."""
        try:
            head = self._walk_known(value)
        except IndexError:
            head = None
        return head or self._walk_slowly(value)

    def _walk_known(self, value: bytes) -> BatchHead | None:
        """The usual case: a producer and series that were seen before. None, or IndexError, for all others."""
        if not value.startswith(FRAME):
            return None
        # Lengths up to 63 have one byte. Any other leads to a slice that is nobody's ids, and so to the slow way.
        at = 6 + (value[5] >> 1)
        at += 1 + (value[at] >> 1)
        at += 1 + (value[at] >> 1)
        producer = self._producers.get(value[5:at])
        if producer is None:
            return None

        sequence = (byte := value[at]) & 0x7F
        at += 1
        shift = 7
        while byte > 0x7F and shift < 63:
            sequence |= ((byte := value[at]) & 0x7F) << shift
            at += 1
            shift += 7
        if byte > 0x7F or not value.startswith(producer.previous_raw, at):
            return None
        at += len(producer.previous_raw)

        times = int.from_bytes(value[at : at + TIMES_BYTES], "little")
        if times & MORE_MASK != MORE_BITS:
            return None
        times = times & EVEN_BITS | (times & ODD_BITS) >> 1
        recorded_at = times & 0x3FFF | times >> 2 & 0xFFFC000 | times >> 4 & 0x3FFF0000000
        times >>= 48
        sent_at = times & 0x3FFF | times >> 2 & 0xFFFC000 | times >> 4 & 0x3FFF0000000
        at += TIMES_BYTES

        for series in producer.sets:
            if value.startswith(series.raw, at):
                break
        else:
            return None
        at += series.raw_bytes
        end = at + series.packed_bytes
        if value[end:] != series.tail:
            return None
        # what BatchHead(...) does, without its Python frame
        return tuple.__new__(
            BatchHead,
            (
                producer.server_id,
                producer.source,
                producer.producer_id,
                (sequence >> 1) ^ -(sequence & 1),
                producer.previous_producer_id,
                producer.previous_sequence,
                (recorded_at >> 1) ^ -(recorded_at & 1),
                (sent_at >> 1) ^ -(sent_at & 1),
                series.sample_count,
                series.names,
                series.labels,
                NOTHING_DROPPED,
                "",
                len(value) - 1,
                at,
                value,
            ),
        )

    def _walk_slowly(self, value: bytes) -> BatchHead:
        _check_schema(value)
        reader = WireReader(value, FRAME_BYTES)
        producer = ProducerSeries(reader.text(), reader.text(), reader.text())
        ids = value[FRAME_BYTES : reader.position]
        sequence = reader.long()
        previous_at = reader.position
        producer.previous_producer_id, producer.previous_sequence = reader.text(), reader.long()
        producer.previous_raw = value[previous_at : reader.position]
        recorded_at, sent_at = reader.long(), reader.long()
        series_at = reader.position
        names, labels = reader.texts(), reader.texts()
        values_at = reader.position
        packed = reader.doubles()
        dropped = reader.counts()
        signed_bytes = reader.position
        signature = reader.text()
        if left := len(value) - reader.position:
            raise ContractError("trailing_bytes", f"{left} bytes after the record")
        _check_series(names, labels, len(packed) // 8)
        self._remember(value, ids, producer, (series_at, values_at), (names, labels))
        return BatchHead(
            producer.server_id,
            producer.source,
            producer.producer_id,
            sequence,
            producer.previous_producer_id,
            producer.previous_sequence,
            recorded_at,
            sent_at,
            len(names),
            names,
            labels,
            dropped,
            signature,
            signed_bytes,
            0,
            packed,
        )

    def _remember(
        self,
        value: bytes,
        ids: bytes,
        producer: ProducerSeries,
        at: tuple[int, int],
        series: tuple[tuple[str, ...], tuple[str, ...]],
    ) -> None:
        """Keeps the series if their values stand in one block; if not, the next batch is read slowly too."""
        series_at, values_at = at
        names, labels = series
        reader = WireReader(value, values_at)
        if reader.long() != len(names):
            return
        raw = value[series_at : reader.position]
        tail = b"\0\0\0" if names else b"\0\0"
        self._cache.add(ids, producer, SeriesSet(raw, len(raw), 8 * len(names), len(names), names, labels, tail))


def _check_schema(value: bytes) -> None:
    schema_id = schema_id_of(value)
    if schema_id != SCHEMA_ID:
        raise ContractError("unknown_schema", f"{registry.subject(schema_id)} is not a metric batch")


def _check_series(names: tuple[str, ...], labels: tuple[str, ...], value_count: int) -> None:
    if not len(names) == len(labels) == value_count:
        raise ContractError("unequal_arrays", f"{len(names)} names, {len(labels)} labels, {value_count} values")
    pairs = itertools.pairwise(zip(names, labels, strict=True))
    for first, second in pairs:
        if first >= second:
            raise ContractError("unsorted", f"{first} stands before {second}")


walk = Walker().walk
"""Walks with a cache of its own for the whole process."""
