"""The control log as all partitions of a process share it: folded once, each change read when it is needed."""

import bisect
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pulsemon_schemas.control import DELETE, PUT, SERVER, Fold, Verdict
from pulsemon_schemas.partitioner import partition_for
from pulsemon_schemas.records import ControlRecord
from pulsemon_schemas.rules import (
    AlertCommand,
    QuietPeriod,
    Rule,
    RuleError,
    ServerProfile,
    parse_command,
    parse_profile,
    parse_quiet,
    parse_rule,
)
from pulsemon_schemas.rules.alert_command import ENTITY_TYPE as COMMAND
from pulsemon_schemas.rules.defaults import RULE
from pulsemon_schemas.rules.quiet import MAINTENANCE, SILENCE
from pulsemon_schemas.rules.shadow import ENTITY_TYPE as SHADOW
from pulsemon_schemas.rules.shadow import parse_shadow

from pulsemon_stream_processors.engine.errors import ControlBehindError, StateError

Entity = Rule | ServerProfile | QuietPeriod | AlertCommand
KNOWN_TYPES = frozenset({RULE, SERVER, SILENCE, MAINTENANCE, COMMAND, SHADOW})


class Change:
    """A valid record of a type that the engine knows. ``partition`` is that of a server, -1 for all else.

    Its body is read when somebody asks for it: most versions of most entities are past, and nobody does. Rules and
    servers are read once and kept; what is over at some time is read anew and kept by nobody.
    """

    __slots__ = ("_entity", "_record", "offset", "partition")

    def __init__(self, offset: int, record: ControlRecord, partition: int) -> None:
        self.offset = offset
        self.partition = partition
        self._record = record
        self._entity: Rule | ServerProfile | None = None

    @property
    def entity_type(self) -> str:
        """What the record is about."""
        return self._record.entity_type

    @property
    def entity_id(self) -> str:
        """Which one of its type."""
        return self._record.entity_id

    @property
    def operation(self) -> str:
        """What happens to it."""
        return self._record.operation

    @property
    def author(self) -> str:
        """Who did it."""
        return self._record.author

    def read(self) -> tuple[Entity | None, str]:
        """The entity, None if the record ends it or cannot be read, and why it cannot be, "" if it can."""
        if self._entity is not None or self.operation != PUT:
            return self._entity, ""
        try:
            entity = _parse(self._record, json.loads(self._record.body), self.offset)
        except RuleError as error:
            return None, str(error)
        if isinstance(entity, Rule | ServerProfile):
            self._entity = entity
        return entity, ""


class ControlHistory:
    """Grows at its end while partitions read it up to the offset that their Ticks name."""

    def __init__(self, partition_count: int) -> None:
        self.partition_count = partition_count
        self._fold = Fold(keeps_entities=False)
        self._offset = -1
        self._changes: list[Change] = []
        self._versions: dict[tuple[str, str], list[Change]] = {}

    @property
    def offset(self) -> int:
        """Offset of the last record taken, -1 before the first."""
        return self._offset

    @property
    def fold(self) -> Fold:
        """The versions as of the last record taken; it keeps no entities."""
        return self._fold

    def append(self, offset: int, record: ControlRecord) -> Verdict:
        """Takes the next record. Raises ValueError if its offset is not beyond the last one."""
        verdict = self._fold.apply(offset, record)
        self._offset = offset
        if not verdict.void and record.entity_type in KNOWN_TYPES:
            is_server = record.entity_type == SERVER
            partition = partition_for(record.entity_id.encode(), self.partition_count) if is_server else -1
            change = Change(offset, record, partition)
            self._changes.append(change)
            self._versions.setdefault((record.entity_type, record.entity_id), []).append(change)
        return verdict

    def pass_over(self, offset: int) -> None:
        """Takes a record that cannot be decoded: it changes nothing."""
        self._offset = max(self._offset, offset)

    def changes(self, after_offset: int, last_offset: int) -> Sequence[Change]:
        """The changes behind one offset up to and with another."""
        first = bisect.bisect_right(self._changes, after_offset, key=lambda change: change.offset)
        last = bisect.bisect_right(self._changes, last_offset, key=lambda change: change.offset)
        return self._changes[first:last]

    def standing(self, limit: Callable[[Change], int]) -> list[Change]:
        """The changes that make the configuration up to a ``limit``, which is one for all versions of an entity.

        What commands did is in the alerts. A retired server is what it was before.
        """
        found: list[Change] = []
        for (entity_type, _), versions in self._versions.items():
            if entity_type == COMMAND:
                continue
            end = bisect.bisect_right(versions, limit(versions[0]), key=lambda change: change.offset)
            if end:
                found += _making(versions, end - 1)
        return sorted(found, key=lambda change: change.offset)

    def rule(self, version: int) -> Rule:
        """One version of a rule. Raises ControlBehindError if it was not read yet, StateError if it is no rule."""
        if version > self._offset:
            raise ControlBehindError(version, self._offset)
        for change in self.changes(version - 1, version):
            entity, _ = change.read()
            if isinstance(entity, Rule):
                return entity
        raise StateError(
            f"control record {version} is no rule, but a snapshot was judged by it: nothing was restored; "
            f"this is not the control log that the snapshot was made with"
        )


def _making(versions: Sequence[Change], last: int) -> Sequence[Change]:
    """The last version of an entity, with those before that it rests on."""
    first = last
    while first and versions[first].entity_type == SERVER and versions[first].operation == DELETE:
        first -= 1
    return versions[first : last + 1]


def superseded_left_out(changes: Sequence[Change]) -> list[Change]:
    """The changes without versions of rules and quiet periods that a later one among them replaces.

    They were never in force; a server rests on what it was before, and each command is obeyed.
    """
    newest = {(change.entity_type, change.entity_id): change.offset for change in changes}
    return [
        change
        for change in changes
        if change.entity_type in {SERVER, COMMAND} or newest[change.entity_type, change.entity_id] == change.offset
    ]


def _parse(record: ControlRecord, body: Mapping[str, Any], offset: int) -> Entity:
    match record.entity_type:
        case "rule":
            return parse_rule(record.entity_id, body, offset, record.author)
        case "shadow":
            return parse_shadow(record.entity_id, body, offset, record.author)
        case "server":
            return parse_profile(record.entity_id, body)
        case "alert_command":
            return parse_command(record.entity_id, body, record.author, offset)
    return parse_quiet(record.entity_type, record.entity_id, body)
