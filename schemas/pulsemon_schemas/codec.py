"""Records to framed bytes and back. fastavro does the work, and is the reference for what is done by hand elsewhere."""

import dataclasses
import functools
import io
from collections.abc import Callable, Mapping
from typing import Any

import fastavro

from pulsemon_schemas import registry
from pulsemon_schemas.batch_encoder import BatchEncoder
from pulsemon_schemas.errors import ContractError
from pulsemon_schemas.records import AlertEvent, ControlRecord, Event, MetricBatch, Record, ServerState
from pulsemon_schemas.wire import FRAME_BYTES, MAGIC, frame

__all__ = ["BatchEncoder", "decode", "encode", "schema_id_of"]

_CLASSES: Mapping[str, type[Record]] = {
    "metric_batch": MetricBatch,
    "control_record": ControlRecord,
    "alert_event": AlertEvent,
    "server_state": ServerState,
    "event": Event,
}
_NAMES: Mapping[type[Record], str] = {cls: name for name, cls in _CLASSES.items()}


def encode(record: Record) -> bytes:
    """The framed bytes of a record under its newest schema. Raises ValueError if a value does not fit its type.

    Whether a batch is sorted, or its arrays are of one length, is not looked at: ``BatchEncoder`` does, and is faster.
    """
    name = _NAMES[type(record)]
    schema_id = registry.newest(name)
    buffer = io.BytesIO(frame(schema_id))
    buffer.seek(FRAME_BYTES)
    try:
        fastavro.schemaless_writer(buffer, physical_schema(schema_id), _to_avro(name, record))
    except (TypeError, OverflowError) as error:
        raise ValueError(f"{type(record).__name__} does not fit its schema: {error}") from error
    return buffer.getvalue()


def decode(data: bytes) -> Record:
    """The record of framed bytes, written under any known schema. Raises ContractError with the reason."""
    schema_id = schema_id_of(data)
    name = registry.record_name(schema_id)
    body = io.BytesIO(data)
    body.seek(FRAME_BYTES)
    try:
        item = fastavro.schemaless_reader(body, physical_schema(schema_id), physical_schema(registry.newest(name)))
    except EOFError as error:
        raise ContractError("truncated", f"{len(data)} bytes end inside the record") from error
    except UnicodeDecodeError as error:
        raise ContractError("not_utf8", str(error)) from error
    except Exception as error:  # what a decoder raises on foreign bytes is listed nowhere
        raise ContractError("malformed", f"{type(error).__name__}: {error}") from error
    if (left := len(data) - body.tell()) > 0:
        raise ContractError("trailing_bytes", f"{left} bytes after the record")
    return _from_avro(name, item)


def schema_id_of(data: bytes) -> int:
    """The schema id in the framing. Raises ContractError (framing)."""
    if len(data) < FRAME_BYTES or data[0] != MAGIC:
        raise ContractError("framing", f"begins with {data[:FRAME_BYTES].hex() or 'nothing'}, not 00 and a schema id")
    return int.from_bytes(data[1:FRAME_BYTES], "big")


@functools.cache
def physical_schema(schema_id: int) -> Any:
    """The schema as fastavro parsed it, without logical types: times stay numbers, whatever their size."""
    fields = [{**field, "type": _physical(field["type"])} for field in registry.schema(schema_id)["fields"]]
    return fastavro.parse_schema({**registry.schema(schema_id), "fields": fields})


def _physical(kind: Any) -> Any:
    return kind["type"] if isinstance(kind, dict) and "logicalType" in kind else kind


def _avro_names(cls: type[Record]) -> Mapping[str, str]:
    """Field of the class to field of the schema, where the unit of a time is in its type."""
    return {field.name: field.name.removesuffix("_ms") for field in dataclasses.fields(cls)}


_FIELDS: Mapping[str, Mapping[str, str]] = {name: _avro_names(cls) for name, cls in _CLASSES.items()}


def _to_avro(name: str, record: Record) -> dict[str, Any]:
    return {avro: getattr(record, own) for own, avro in _FIELDS[name].items()}


def _from_avro(name: str, item: Any) -> Record:
    make: Callable[..., Record] = _CLASSES[name]
    values = {own: item[avro] for own, avro in _FIELDS[name].items()}
    return make(**{own: tuple(value) if isinstance(value, list) else value for own, value in values.items()})
