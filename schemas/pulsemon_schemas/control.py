"""The control log folded into the configuration. Pure: the same records at the same offsets give everybody the same.

A record makes a new version of its entity if the version that its writer expected is in force; its offset is the new
version. If another is in force it is void: it changes nothing for anybody. A record whose change was made before (its
writer did not hear of it and tried again) changes nothing either, and gets the version that was made then.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from pulsemon_schemas.records import ControlRecord

UNUSED = -1
"""The version of an id that was never used."""
PUT, DELETE, PURGED = "put", "delete", "purged"
SERVER = "server"
MAX_NESTING = 64
"""Levels of a body; beyond them it is void. Where Python itself gives up depends on who calls: readers would differ."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a record did. ``void``: nothing, and ``version`` is the one in force, or the one its change made before."""

    void: bool
    version: int
    repeated: bool = False

    @property
    def is_made(self) -> bool:
        """True if the writer's change is made, by this record or by an earlier one: the writer is done."""
        return not self.void or self.repeated


@dataclass(frozen=True, slots=True)
class Entity:
    """The version of an entity that is in force. ``version`` is the offset that made it."""

    entity_id: str
    version: int
    body: Mapping[str, Any]
    author: str
    on_behalf_of: str
    reason: str
    change_id: str


class Fold:
    """The configuration as of the last record applied. Entity types are not judged: readers pass over unknown ones.

    Without ``keeps_entities`` it judges versions alone, for a reader that keeps the records itself.
    """

    def __init__(self, *, keeps_entities: bool = True) -> None:
        self._keeps_entities = keeps_entities
        self._offset = -1
        self._versions: dict[tuple[str, str], int] = {}
        self._changes: dict[tuple[str, str, str], int] = {}
        self._entities: dict[str, dict[str, Entity]] = {}
        self._purges: dict[str, int] = {}

    @property
    def offset(self) -> int:
        """Offset of the last record applied, -1 before the first."""
        return self._offset

    def apply(self, offset: int, record: ControlRecord) -> Verdict:
        """Takes the next record of the log. Raises ValueError if its offset is not beyond the last one."""
        if offset <= self._offset:
            raise ValueError(f"offset {offset} after {self._offset}: control records are applied once and in order")
        self._offset = offset
        key = (record.entity_type, record.entity_id)
        current = self._versions.get(key, UNUSED)
        made_before = self._changes.get((*key, record.change_id)) if record.change_id else None
        if made_before is not None:
            return Verdict(void=True, version=made_before, repeated=True)
        body = _body(record)
        if record.expected_version != current or body is None:
            return Verdict(void=True, version=current)
        self._accept(offset, record, body)
        return Verdict(void=False, version=offset)

    def version(self, entity_type: str, entity_id: str) -> int:
        """The version that the next change of this id must expect; -1 if the id was never used."""
        return self._versions.get((entity_type, entity_id), UNUSED)

    def made_by(self, entity_type: str, entity_id: str, change_id: str) -> int:
        """The version that a change has made, -1 if it has made none: repeating it gets that version."""
        return self._changes.get((entity_type, entity_id, change_id), UNUSED)

    def entities(self, entity_type: str) -> Mapping[str, Entity]:
        """The entities of a type that are in force, by id; a live view."""
        return MappingProxyType(self._entities.setdefault(entity_type, {}))

    @property
    def purges(self) -> Mapping[str, int]:
        """Purged servers to the offset of their last purge: whoever keeps more than the fold drops what came before."""
        return MappingProxyType(self._purges)

    def _accept(self, offset: int, record: ControlRecord, body: Mapping[str, Any]) -> None:
        self._versions[record.entity_type, record.entity_id] = offset
        self._changes[record.entity_type, record.entity_id, record.change_id] = offset
        if record.operation == PURGED:
            self._purges[record.entity_id] = offset
        if not self._keeps_entities:
            return
        entities = self._entities.setdefault(record.entity_type, {})
        if record.operation != PUT:
            entities.pop(record.entity_id, None)
            return
        entities[record.entity_id] = Entity(
            entity_id=record.entity_id,
            version=offset,
            body=body,
            author=record.author,
            on_behalf_of=record.on_behalf_of,
            reason=record.reason,
            change_id=record.change_id,
        )


def _body(record: ControlRecord) -> Mapping[str, Any] | None:
    """The entity in a record, empty where it ends one; None if the record's structure is wrong."""
    if not record.entity_type or not record.entity_id:
        return None
    if record.operation == DELETE or (record.operation == PURGED and record.entity_type == SERVER):
        return {}
    if record.operation != PUT:
        return None
    try:
        body = json.loads(record.body)
    except (ValueError, RecursionError):
        return None
    return body if isinstance(body, dict) and not _is_too_deep(record.body, body) else None


def _is_too_deep(text: str, body: Mapping[str, Any]) -> bool:
    """Whether objects and lists nest beyond MAX_NESTING levels, the body being the first."""
    if text.count("{") + text.count("[") <= MAX_NESTING:
        return False
    level: list[Any] = [body]
    for _ in range(MAX_NESTING):
        level = [
            child
            for one in level
            for child in (one.values() if isinstance(one, dict) else one)
            if isinstance(child, dict | list)
        ]
    return bool(level)
