"""Reads and checks a metric batch without an object per sample.

What a producer repeats from batch to batch (its ids, names and labels) is found again by comparing bytes; the times are
taken apart; the values stay where they are. Whatever looks unusual is read step by step by ``batch_reader``.
"""

from collections.abc import Mapping
from types import MappingProxyType

from pulsemon_schemas.batch_head import BatchHead
from pulsemon_schemas.batch_reader import read_batch, read_ending
from pulsemon_schemas.series_cache import Producer, SeriesCache, SeriesSet
from pulsemon_schemas.wire import END_OF_BLOCKS
from pulsemon_schemas.wire_reader import WireReader

# No more values, nothing dropped, not signed.
USUAL_ENDING = 3 * END_OF_BLOCKS
NOTHING_DROPPED: Mapping[str, int] = MappingProxyType({})

# Two times of six bytes each (all from 2004 to 2039 have six): where the bit must stand that says "more follows" ...
MORE_BITS = 0x00_80_80_80_80_80_00_80_80_80_80_80
MORE_MASK = 0x80_80_80_80_80_80_80_80_80_80_80_80
# ... and the seven bits of the even and of the odd bytes, which are pushed together in pairs.
EVEN_BITS = 0x00_7F_00_7F_00_7F_00_7F_00_7F_00_7F
ODD_BITS = 0x7F_00_7F_00_7F_00_7F_00_7F_00_7F_00
TIMES_BYTES = 12


class SeveralBlocks(Exception):  # noqa: N818 - no error: the record is read in another way
    """The values of a batch do not stand side by side."""


class Walker:
    """Walks over metric batches, remembering what producers repeat."""

    def __init__(self, cache: SeriesCache | None = None) -> None:
        self._cache = cache or SeriesCache()
        self._producers = self._cache.producers

    def walk(self, value: bytes) -> BatchHead:
        """The batch in the framed bytes, checked to the last byte. Raises ContractError with the reason."""
        try:
            # Lengths up to 63 have one byte. Any other leads to a slice that is nobody's ids, and so to the slow way.
            at = 6 + (value[5] >> 1)
            at += 1 + (value[at] >> 1)
            at += 1 + (value[at] >> 1)
            producer = self._producers.get(value[:at])
            if producer is None:
                return self._walk_unknown(value)

            sequence = (byte := value[at]) & 0x7F
            at += 1
            shift = 7
            while byte > 0x7F and shift < 63:
                sequence |= ((byte := value[at]) & 0x7F) << shift
                at += 1
                shift += 7
            if byte > 0x7F or not value.startswith(producer.previous_raw, at):
                return self._walk_unknown(value)
            at += producer.previous_bytes

            times = int.from_bytes(value[at : at + TIMES_BYTES], "little")
            if times & MORE_MASK == MORE_BITS:
                at += TIMES_BYTES
                for series in producer.sets:
                    if value.startswith(series.raw, at):
                        return _known_head(value, at + series.raw_bytes, producer, sequence, times, series)
        except (IndexError, SeveralBlocks):
            pass
        return self._walk_unknown(value)

    def _walk_unknown(self, value: bytes) -> BatchHead:
        read = read_batch(value)
        if read.series is not None:
            self._cache.add(read.start, read.producer, read.series)
        return read.head


def _known_head(
    value: bytes, values_at: int, producer: Producer, sequence: int, times: int, series: SeriesSet
) -> BatchHead:
    """``sequence`` and ``times`` as they were read: zigzag, the times still with the bits between."""
    times = times & EVEN_BITS | (times & ODD_BITS) >> 1
    recorded_at = times & 0x3FFF | times >> 2 & 0xFFFC000 | times >> 4 & 0x3FFF0000000
    times >>= 48
    sent_at = times & 0x3FFF | times >> 2 & 0xFFFC000 | times >> 4 & 0x3FFF0000000

    dropped, signed_bytes, signature = NOTHING_DROPPED, len(value) - 1, ""
    end = values_at + series.packed_bytes
    if value[end:] != USUAL_ENDING:
        reader = WireReader(value, end)
        if series.sample_count and reader.long() != 0:
            raise SeveralBlocks
        dropped, signed_bytes, signature = read_ending(reader)
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
            dropped,
            signature,
            signed_bytes,
            values_at,
            value,
        ),
    )


walk = Walker().walk
"""Walks with one cache for the whole process."""
