"""What the control log has put in force, as one gateway knows it, and who waits for a record of his own."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from pulsemon_schemas.control import PUT, UNUSED, Fold, Verdict
from pulsemon_schemas.records import ControlRecord

Key = tuple[str, str]
"""Entity type and id."""


@dataclass(frozen=True, slots=True)
class Held:
    """The newest version of an entity. ``is_ended``: it was deleted or purged, and ``body`` is empty.

    ``version`` is the offset of its record, ``at_ms`` that record's append time; 0 if it is not known any more.
    """

    entity_id: str
    version: int
    at_ms: int
    body: Mapping[str, Any]
    author: str
    on_behalf_of: str
    reason: str
    change_id: str
    is_ended: bool = False


@dataclass(slots=True)
class Watch:
    """Somebody who waits for what a record of his does. ``outcomes`` has those of all records of his change."""

    tell: Callable[["Outcome"], None]
    offset: int | None = None
    outcomes: dict[int, "Outcome"] = field(default_factory=dict)

    def written_at(self, offset: int) -> None:
        """The record is at this offset. It may have been read before its writer heard of that."""
        self.offset = offset
        if (outcome := self.outcomes.get(offset)) is not None:
            self.tell(outcome)

    def seen(self, outcome: "Outcome", offset: int) -> None:
        """A record of the change was read."""
        self.outcomes[offset] = outcome
        if offset == self.offset:
            self.tell(outcome)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a record did, and the newest version of its entity right after it; None if its id was never used."""

    verdict: Verdict
    newest: Held | None


class Configuration:
    """Takes the records of the control log in order; used by one thread.

    Entities of the types in ``passing`` are not kept, but handed to the function there: there may be any number.
    """

    def __init__(self, passing: Mapping[str, Callable[[Held], None]] | None = None) -> None:
        self._fold = Fold(keeps_entities=False)
        self._passing = passing or {}
        self._newest: dict[Key, Held] = {}
        self._of_type: dict[str, dict[str, Held]] = {}
        self._revisions: dict[str, int] = {}
        self._watches: dict[tuple[str, str, str], list[Watch]] = {}

    @property
    def offset(self) -> int:
        """Offset of the last record applied, -1 before the first."""
        return self._fold.offset

    def append(self, offset: int, at_ms: int, record: ControlRecord) -> None:
        """Takes the next record."""
        verdict = self._fold.apply(offset, record)
        if not verdict.void:
            self._accept(offset, at_ms, record)
        change = (record.entity_type, record.entity_id, record.change_id)
        for watch in self._watches.get(change, ()):
            watch.seen(Outcome(verdict, self._newest.get(change[:2])), offset)

    def entities(self, entity_type: str) -> Mapping[str, Held]:
        """The entities of a type that are in force, by id; a live view."""
        return MappingProxyType(self._of_type.setdefault(entity_type, {}))

    def revision(self, entity_type: str) -> int:
        """Another number whenever an entity of the type has changed: for those who keep what they made of them."""
        return self._revisions.get(entity_type, UNUSED)

    def newest(self, entity_type: str, entity_id: str) -> Held | None:
        """The newest version of an id, also if it ended the entity; None if it was never used."""
        return self._newest.get((entity_type, entity_id))

    def version(self, entity_type: str, entity_id: str) -> int:
        """The version that the next change of an id must expect."""
        return self._fold.version(entity_type, entity_id)

    def made_by(self, entity_type: str, entity_id: str, change_id: str) -> int:
        """The version that a change has made already, ``UNUSED`` if it has made none."""
        return self._fold.made_by(entity_type, entity_id, change_id)

    def purged_at(self, server_id: str) -> int:
        """Offset of the last purge of a server, -1 for none: keys older than it are void."""
        return self._fold.purges.get(server_id, UNUSED)

    def watch(self, record: ControlRecord, tell: Callable[[Outcome], None]) -> Watch:
        """Tells what the record does once it is read; to be begun before it is written, and ended by ``unwatch``."""
        watch = Watch(tell)
        self._watches.setdefault((record.entity_type, record.entity_id, record.change_id), []).append(watch)
        return watch

    def unwatch(self, record: ControlRecord, watch: Watch) -> None:
        """Nobody waits any more."""
        change = (record.entity_type, record.entity_id, record.change_id)
        left = [one for one in self._watches.get(change, ()) if one is not watch]
        if left:
            self._watches[change] = left
        else:
            self._watches.pop(change, None)

    def _accept(self, offset: int, at_ms: int, record: ControlRecord) -> None:
        key = (record.entity_type, record.entity_id)
        held = Held(
            entity_id=record.entity_id,
            version=offset,
            at_ms=at_ms,
            body=json.loads(record.body) if record.operation == PUT else {},
            author=record.author,
            on_behalf_of=record.on_behalf_of,
            reason=record.reason,
            change_id=record.change_id,
            is_ended=record.operation != PUT,
        )
        hear = self._passing.get(record.entity_type)
        if hear is not None:
            hear(held)
            return
        self._newest[key] = held
        self._revisions[record.entity_type] = offset
        entities = self._of_type.setdefault(record.entity_type, {})
        if held.is_ended:
            entities.pop(record.entity_id, None)
        else:
            entities[record.entity_id] = held
