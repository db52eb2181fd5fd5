"""Encodes metric batches by hand: names and labels, which repeat from tick to tick, are encoded once."""

import itertools
from collections import OrderedDict
from collections.abc import Mapping

from pulsemon_schemas import registry
from pulsemon_schemas.records import MetricBatch
from pulsemon_schemas.wire import END_OF_BLOCKS, encode_doubles, encode_long, encode_text, encode_texts, frame

SCHEMA_ID = registry.SCHEMA_IDS["metric_batch.v1"]
CACHED_SERIES_SETS = 64


class BatchEncoder:
    """One producer's encoder. Keeps the encoded names and labels of the last ``CACHED_SERIES_SETS`` sets of series."""

    def __init__(self) -> None:
        self._frame = frame(SCHEMA_ID)
        self._series: OrderedDict[tuple[tuple[str, ...], tuple[str, ...]], bytes] = OrderedDict()

    def encode(self, batch: MetricBatch) -> bytes:
        """The framed record. Raises ValueError if the batch breaks the contract of its arrays."""
        return self.encode_unsigned(batch) + encode_text(batch.signature)

    def encode_unsigned(self, batch: MetricBatch) -> bytes:
        """The framed record up to the signature, which is what a signature is made over."""
        return b"".join(
            (
                self._frame,
                encode_text(batch.server_id),
                encode_text(batch.source),
                encode_text(batch.producer_id),
                encode_long(batch.sequence),
                encode_text(batch.previous_producer_id),
                encode_long(batch.previous_sequence),
                encode_long(batch.recorded_at_ms),
                encode_long(batch.sent_at_ms),
                self._series_bytes(batch),
                encode_doubles(batch.values),
                _encode_counts(batch.dropped),
            )
        )

    def _series_bytes(self, batch: MetricBatch) -> bytes:
        key = (batch.names, batch.labels)
        if len(batch.values) != len(batch.names):
            raise ValueError(f"{len(batch.names)} names and {len(batch.values)} values: each sample needs both")
        known = self._series.get(key)
        if known is None:
            known = self._series[key] = _encode_series(batch.names, batch.labels)
            if len(self._series) > CACHED_SERIES_SETS:
                self._series.popitem(last=False)
        return known


def _encode_series(names: tuple[str, ...], labels: tuple[str, ...]) -> bytes:
    if len(names) != len(labels):
        raise ValueError(f"{len(names)} names and {len(labels)} labels: each sample needs both")
    pairs = list(zip(names, labels, strict=True))
    if any(first >= second for first, second in itertools.pairwise(pairs)):
        raise ValueError("samples must be sorted by (name, labels), each pair once")
    return encode_texts(names) + encode_texts(labels)


def _encode_counts(counts: Mapping[str, int]) -> bytes:
    if not counts:
        return END_OF_BLOCKS
    entries = b"".join(encode_text(reason) + encode_long(count) for reason, count in counts.items())
    return encode_long(len(counts)) + entries + END_OF_BLOCKS
