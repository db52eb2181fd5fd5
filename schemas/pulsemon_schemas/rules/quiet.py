"""Silences and maintenance: when the alerts of a scope page nobody. Dated intervals, so no time zone is needed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pulsemon_schemas.rules.fields import Fields, RuleError
from pulsemon_schemas.rules.rule import LEVELS
from pulsemon_schemas.rules.scope import Scope, ServerProfile, read_scope

SILENCE, MAINTENANCE = "silence", "maintenance"
FIRST_MS, LAST_MS = 0, 253_402_300_799_999
MAX_INTERVALS = 1000


@dataclass(frozen=True, slots=True)
class QuietPeriod:
    """``intervals`` are [from, until) in milliseconds UTC. An empty ``rule_id`` or ``levels`` stands for all.

    Maintenance also shows as the status of the servers in its scope.
    """

    kind: str
    id: str
    scope: Scope
    intervals: tuple[tuple[int, int], ...]
    rule_id: str = ""
    levels: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        """How an alert event names it."""
        return f"{self.kind}/{self.id}"

    def holds_at(self, time_ms: int) -> bool:
        """Whether one of the intervals holds."""
        return any(start <= time_ms < end for start, end in self.intervals)

    def covers(self, server: ServerProfile, labels: Mapping[str, str], rule_id: str, level: str) -> bool:
        """Whether an alert is meant."""
        return (
            self.scope.covers_server(server)
            and self.scope.covers_series(labels)
            and self.rule_id in {"", rule_id}
            and (not self.levels or level in self.levels)
        )


def parse_quiet(kind: str, entity_id: str, body: Mapping[str, Any]) -> QuietPeriod:
    """The silence or maintenance in a body; its other fields are for people. Raises RuleError with all problems."""
    problems: list[str] = []
    fields = Fields(body, problems)
    period = QuietPeriod(
        kind,
        entity_id,
        read_scope(fields.nested("scope")),
        tuple(_intervals(fields)),
        fields.text("rule_id"),
        frozenset(_levels(fields)),
    )
    if problems:
        raise RuleError(f"{kind} {entity_id!r}", problems)
    return period


def _intervals(fields: Fields) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    items = fields.listed("intervals")
    if not 1 <= len(items) <= MAX_INTERVALS:
        fields.problem("intervals", f"1 to {MAX_INTERVALS} are needed, there are {len(items)}")
    for item in items:
        match item:
            case [int(start), int(end)] if FIRST_MS <= start < end <= LAST_MS:
                found.append((start, end))
            case _:
                fields.problem("intervals", f"must be [from, until] in milliseconds, is {item!r}")
    return found


def _levels(fields: Fields) -> list[str]:
    items = fields.listed("levels")
    for item in items:
        if item not in LEVELS:
            fields.problem("levels", f"must be of {', '.join(LEVELS)}, is {item!r}")
    return [str(item) for item in items]
