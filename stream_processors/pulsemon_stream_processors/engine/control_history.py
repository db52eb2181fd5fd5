"""The control log as all partitions of a process share it: folded once, each change parsed once."""

import bisect
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from pulsemon_schemas.control import PUT, SERVER, Fold, Verdict
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

from pulsemon_stream_processors.engine.errors import ControlBehindError, StateError

Entity = Rule | ServerProfile | QuietPeriod | AlertCommand
KNOWN_TYPES = frozenset({RULE, SERVER, SILENCE, MAINTENANCE, COMMAND})


class Change(NamedTuple):
    """A valid record of a type that the engine knows.

    ``entity`` is None if the record ends the entity, or if ``problem`` says why it cannot be read. ``partition`` is
    that of a server.
    """

    offset: int
    entity_type: str
    entity_id: str
    operation: str
    entity: Entity | None
    problem: str
    author: str
    partition: int


class ControlHistory:
    """Grows at its end while partitions read it up to the offset that their Ticks name."""

    def __init__(self, partition_count: int) -> None:
        self.partition_count = partition_count
        self._fold = Fold()
        self._offset = -1
        self._changes: list[Change] = []
        self._rules: dict[int, Rule] = {}

    @property
    def offset(self) -> int:
        """Offset of the last record taken, -1 before the first."""
        return self._offset

    @property
    def fold(self) -> Fold:
        """The configuration as of the last record taken."""
        return self._fold

    def append(self, offset: int, record: ControlRecord) -> Verdict:
        """Takes the next record. Raises ValueError if its offset is not beyond the last one."""
        verdict = self._fold.apply(offset, record)
        self._offset = offset
        if not verdict.void and record.entity_type in KNOWN_TYPES:
            change = self._change(offset, record)
            self._changes.append(change)
            if isinstance(change.entity, Rule):
                self._rules[offset] = change.entity
        return verdict

    def pass_over(self, offset: int) -> None:
        """Takes a record that cannot be decoded: it changes nothing."""
        self._offset = max(self._offset, offset)

    def changes(self, after_offset: int, last_offset: int) -> Sequence[Change]:
        """The changes behind one offset up to and with another."""
        first = bisect.bisect_right(self._changes, after_offset, key=lambda change: change.offset)
        last = bisect.bisect_right(self._changes, last_offset, key=lambda change: change.offset)
        return self._changes[first:last]

    def rule(self, version: int) -> Rule:
        """One version of a rule. Raises ControlBehindError if it was not read yet, StateError if it is no rule."""
        if version > self._offset:
            raise ControlBehindError(version, self._offset)
        if (rule := self._rules.get(version)) is not None:
            return rule
        raise StateError(
            f"control record {version} is no rule, but a snapshot was judged by it: nothing was restored; "
            f"this is not the control log that the snapshot was made with"
        )

    def _change(self, offset: int, record: ControlRecord) -> Change:
        entity: Entity | None = None
        problem = ""
        if record.operation == PUT:
            body = self._fold.entities(record.entity_type)[record.entity_id].body
            try:
                entity = _parse(record, body, offset)
            except RuleError as error:
                problem = str(error)
        is_server = record.entity_type == SERVER
        return Change(
            offset,
            record.entity_type,
            record.entity_id,
            record.operation,
            entity,
            problem,
            record.author,
            partition_for(record.entity_id.encode(), self.partition_count) if is_server else -1,
        )


def _parse(record: ControlRecord, body: Mapping[str, Any], offset: int) -> Entity:
    match record.entity_type:
        case "rule":
            return parse_rule(record.entity_id, body, offset, record.author)
        case "server":
            return parse_profile(record.entity_id, body)
        case "alert_command":
            return parse_command(record.entity_id, body, record.author, offset)
    return parse_quiet(record.entity_type, record.entity_id, body)
