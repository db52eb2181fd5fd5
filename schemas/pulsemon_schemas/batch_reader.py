"""Reads a metric batch step by step, checks all of it, and says what of it may be remembered."""

import itertools
from typing import NamedTuple

from pulsemon_schemas import registry
from pulsemon_schemas.batch_head import BatchHead
from pulsemon_schemas.codec import schema_id_of
from pulsemon_schemas.errors import ContractError
from pulsemon_schemas.series_cache import Producer, SeriesSet
from pulsemon_schemas.wire import DOUBLE_BYTES, FRAME_BYTES
from pulsemon_schemas.wire_reader import WireReader

SCHEMA_ID = registry.SCHEMA_IDS["metric_batch.v1"]


class ReadBatch(NamedTuple):
    """A batch and its producer: its ids end the bytes ``start``; no ``series`` if its values have several blocks."""

    head: BatchHead
    start: bytes
    producer: Producer
    series: SeriesSet | None


class Ending(NamedTuple):
    """What follows the values; ``signed_bytes`` is where the signature begins."""

    dropped: dict[str, int]
    signed_bytes: int
    signature: str


def read_batch(value: bytes) -> ReadBatch:
    """The batch in the framed bytes, checked to the last one. Raises ContractError with the reason."""
    _check_schema(value)
    reader = WireReader(value, FRAME_BYTES)
    server_id, source, producer_id = reader.text(), reader.text(), reader.text()
    start = value[: reader.position]
    sequence = reader.long()
    previous_at = reader.position
    previous_producer_id, previous_sequence = reader.text(), reader.long()
    previous_raw = value[previous_at : reader.position]
    recorded_at_ms, sent_at_ms = reader.long(), reader.long()
    series_at = reader.position
    names, labels = reader.texts(), reader.texts()
    values_at = reader.position
    packed = reader.doubles()
    ending = read_ending(reader)
    _check_series(names, labels, len(packed) // DOUBLE_BYTES)
    head = BatchHead(
        server_id=server_id,
        source=source,
        producer_id=producer_id,
        sequence=sequence,
        previous_producer_id=previous_producer_id,
        previous_sequence=previous_sequence,
        recorded_at_ms=recorded_at_ms,
        sent_at_ms=sent_at_ms,
        sample_count=len(names),
        names=names,
        labels=labels,
        dropped=ending.dropped,
        signature=ending.signature,
        signed_bytes=ending.signed_bytes,
        values_offset=0,
        packed=packed,
    )
    producer = Producer(
        server_id, source, producer_id, previous_producer_id, previous_sequence, previous_raw, len(previous_raw)
    )
    return ReadBatch(head, start, producer, _series(value, series_at, values_at, head))


def read_ending(reader: WireReader) -> Ending:
    """The fields after the values, and nothing after them. Raises ContractError."""
    dropped = reader.counts()
    signed_bytes = reader.position
    signature = reader.text()
    if left := len(reader.data) - reader.position:
        raise ContractError("trailing_bytes", f"{left} bytes after the record")
    return Ending(dropped, signed_bytes, signature)


def _series(value: bytes, series_at: int, values_at: int, head: BatchHead) -> SeriesSet | None:
    reader = WireReader(value, values_at)
    count = head.sample_count
    if reader.long() != count:
        return None
    raw = value[series_at : reader.position]
    return SeriesSet(raw, len(raw), DOUBLE_BYTES * count, count, head.names, head.labels)


def _check_schema(value: bytes) -> None:
    schema_id = schema_id_of(value)
    if schema_id != SCHEMA_ID:
        raise ContractError("unknown_schema", f"{registry.subject(schema_id)} is not a metric batch")


def _check_series(names: tuple[str, ...], labels: tuple[str, ...], value_count: int) -> None:
    if not len(names) == len(labels) == value_count:
        raise ContractError("unequal_arrays", f"{len(names)} names, {len(labels)} labels, {value_count} values")
    for first, second in itertools.pairwise(zip(names, labels, strict=True)):
        if first >= second:
            raise ContractError("unsorted", f"{first} stands before {second}")
