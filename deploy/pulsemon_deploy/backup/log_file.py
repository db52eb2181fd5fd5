"""The control log as a file: every record at its offset, with key, value, headers and time, as Kafka has them."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast

import fastavro
from confluent_kafka import Message
from pulsemon_schemas.codec import decode
from pulsemon_schemas.control import Fold
from pulsemon_schemas.errors import ContractError
from pulsemon_schemas.records import ControlRecord

FILE = "control/log.avro"
_BYTES = ["null", "bytes"]
_HEADER = {
    "type": "record",
    "name": "Header",
    "fields": [{"name": "key", "type": "string"}, {"name": "value", "type": _BYTES}],
}
_SCHEMA = fastavro.parse_schema(
    {
        "type": "record",
        "name": "LoggedRecord",
        "namespace": "pulsemon.backup",
        "fields": [
            {"name": "offset", "type": "long"},
            {"name": "time_ms", "type": "long"},
            {"name": "key", "type": _BYTES},
            {"name": "value", "type": _BYTES},
            {"name": "headers", "type": {"type": "array", "items": _HEADER}},
        ],
    }
)


@dataclass(frozen=True, slots=True)
class Logged:
    """A record with all that Kafka keeps of it."""

    offset: int
    time_ms: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...] = ()


class Folding:
    """Folds what passes through, to tell what configuration it makes. ``end``: behind the last record."""

    def __init__(self) -> None:
        self.records = 0
        self.end = 0
        self._fold = Fold()
        self._kinds: set[str] = set()

    def through(self, records: Iterable[Logged]) -> Iterator[Logged]:
        """The same records."""
        for one in records:
            self.records += 1
            self.end = one.offset + 1
            try:
                record = decode(one.value or b"")
            except ContractError:
                record = None
            if isinstance(record, ControlRecord):
                self._kinds.add(record.entity_type)
                self._fold.apply(one.offset, record)
            yield one

    def digest(self) -> str:
        """A hash of every entity in force, with its version, author and reason."""
        found = [(kind, asdict(one)) for kind in sorted(self._kinds) for one in self._in_order(kind)]
        return hashlib.sha256(json.dumps(found, sort_keys=True).encode()).hexdigest()

    def _in_order(self, kind: str) -> list[Any]:
        return [one for _, one in sorted(self._fold.entities(kind).items())]


def logged(message: Message) -> Logged:
    """A message as it stands in the log."""
    headers = tuple(cast("list[tuple[str, bytes | None]]", message.headers() or []))
    return Logged(message.offset() or 0, message.timestamp()[1], message.key(), message.value(), headers)


def write_log(path: Path, records: Iterable[Logged]) -> None:
    """Writes records as they come. OSError, and what ``records`` raises."""
    with path.open("wb") as file:
        fastavro.writer(file, _SCHEMA, (_as_avro(one) for one in records), codec="deflate")


def read_log(path: Path) -> Iterator[Logged]:
    """The records of a file in their order. OSError, ValueError."""
    with path.open("rb") as file:
        for found in fastavro.reader(file):
            one = cast("dict[str, Any]", found)
            headers = tuple((header["key"], header["value"]) for header in one["headers"])
            yield Logged(one["offset"], one["time_ms"], one["key"], one["value"], headers)


def _as_avro(one: Logged) -> dict[str, Any]:
    return {
        "offset": one.offset,
        "time_ms": one.time_ms,
        "key": one.key,
        "value": one.value,
        "headers": [{"key": key, "value": value} for key, value in one.headers],
    }
