"""The control log of then with other rules in it, as if they had been in force all the time."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from pulsemon_schemas.control import PUT, UNUSED, Verdict
from pulsemon_schemas.records import ControlRecord
from pulsemon_schemas.rules.defaults import RULE

from pulsemon_stream_processors.engine import ControlHistory
from pulsemon_stream_processors.engine.control_history import Change

FIRST_VERSION = 1 << 53
"""Versions of rules that are in no log: beyond all offsets."""
AUTHOR = "what-if"


class WhatIfHistory(ControlHistory):
    """``bodies`` by rule id take the place of every version of these rules; all else is as it was recorded.

    A rule that is None never was. ``replaced_versions`` are the offsets of what they take the place of.
    """

    def __init__(self, partition_count: int, bodies: Mapping[str, Mapping[str, Any] | None]) -> None:
        super().__init__(partition_count)
        self._replaced_ids = frozenset(bodies)
        self.replaced_versions: set[int] = set()
        put = [(rule_id, body) for rule_id, body in sorted(bodies.items()) if body is not None]
        self._added = tuple(
            Change(FIRST_VERSION + number, _record(rule_id, body), -1) for number, (rule_id, body) in enumerate(put)
        )

    def append(self, offset: int, record: ControlRecord) -> Verdict:
        """As recorded; one about a rule that is replaced is passed over."""
        if record.entity_type == RULE and record.entity_id in self._replaced_ids:
            self.pass_over(offset)
            self.replaced_versions.add(offset)
            return Verdict(void=True, version=UNUSED)
        return super().append(offset, record)

    def changes(self, after_offset: int, last_offset: int) -> Sequence[Change]:
        """The other rules come before all that was recorded; a version that is asked for by itself is found."""
        found = super().changes(after_offset, last_offset)
        is_from_the_start = after_offset < 0 <= last_offset
        added = [one for one in self._added if is_from_the_start or after_offset < one.offset <= last_offset]
        return [*added, *found]

    def standing(self, limit: Callable[[Change], int]) -> list[Change]:
        """With the other rules, whatever the limit."""
        return [*self._added, *super().standing(limit)]


def fill(history: ControlHistory, control: Iterable[tuple[int, ControlRecord | None]]) -> ControlHistory:
    """The history with all records in it."""
    for offset, record in control:
        if record is None:
            history.pass_over(offset)
        else:
            history.append(offset, record)
    return history


def _record(rule_id: str, body: Mapping[str, Any]) -> ControlRecord:
    return ControlRecord(RULE, rule_id, PUT, UNUSED, "", AUTHOR, "", "", json.dumps(body, sort_keys=True))
