"""Which schemas exist, and under which ids records are written. Ids never change; a changed record is a new version."""

import functools
import json
from collections.abc import Mapping
from typing import Any

from pulsemon_schemas.errors import ContractError

# "name.vN" of avro/name.vN.avsc. Append only: bytes in topics and in the store carry these numbers.
SCHEMA_IDS: Mapping[str, int] = {
    "metric_batch.v1": 1,
    "control_record.v1": 2,
    "alert_event.v1": 3,
    "server_state.v1": 4,
    "event.v1": 5,
}
_SUBJECTS: Mapping[int, str] = {number: subject for subject, number in SCHEMA_IDS.items()}


@functools.cache
def schema(schema_id: int) -> Mapping[str, Any]:
    """The parsed JSON of a schema. Raises ContractError (unknown_schema) for an id that is not ours."""
    return _read(subject(schema_id))


def subject(schema_id: int) -> str:
    """The name and version behind an id, as ``metric_batch.v1``. Raises ContractError (unknown_schema)."""
    try:
        return _SUBJECTS[schema_id]
    except KeyError:
        raise ContractError("unknown_schema", f"schema id {schema_id}; known are {sorted(_SUBJECTS)}") from None


def record_name(schema_id: int) -> str:
    """The record behind an id, as ``metric_batch``. Raises ContractError (unknown_schema)."""
    return subject(schema_id).partition(".v")[0]


def versions(name: str) -> tuple[int, ...]:
    """The ids under which a record, as ``metric_batch``, may be written, oldest first. Raises KeyError."""
    found = tuple(number for number, label in sorted(_SUBJECTS.items()) if label.partition(".v")[0] == name)
    if not found:
        raise KeyError(name)
    return found


def newest(name: str) -> int:
    """The id under which a record is written today. Raises KeyError."""
    return versions(name)[-1]


def _read(label: str) -> Mapping[str, Any]:
    # services embed this module, and most of them never read a schema
    from importlib import resources

    text = resources.files("pulsemon_schemas").joinpath("avro", f"{label}.avsc").read_text(encoding="utf-8")
    parsed: Mapping[str, Any] = json.loads(text)
    return parsed
