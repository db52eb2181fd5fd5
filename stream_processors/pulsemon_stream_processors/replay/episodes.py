"""Alerts as episodes: what fired where, from when to when; and how two sets of them differ."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from pulsemon_schemas.records import AlertEvent
from pulsemon_schemas.rules import LEVELS

ENDED = frozenset({"resolved", "expired"})


class Subject(NamedTuple):
    """What an alert is about."""

    rule_id: str
    server_id: str
    metric: str
    labels: str


@dataclass(frozen=True, slots=True)
class Episode:
    """One alert from the transition at which it fired to the one that ended it, None if it was open at the end.

    ``level`` is its worst, ``value`` and ``limit`` are those it fired on. ``late``: late data alone said so.
    """

    subject: Subject
    alert_id: str
    rule_version: int
    fired_ms: int
    ended_ms: int | None
    level: str
    value: float | None
    limit: float | None
    late: bool

    def seconds(self, now_ms: int) -> float:
        """How long it fired; one that is open until now."""
        return max(0, (now_ms if self.ended_ms is None else self.ended_ms) - self.fired_ms) / 1000

    def overlaps(self, other: "Episode", slack_ms: int = 0) -> bool:
        """Whether both fired at one time, or less than ``slack_ms`` apart."""
        return _before_end(self, other, slack_ms) and _before_end(other, self, slack_ms)


@dataclass(frozen=True, slots=True)
class Difference:
    """``same`` has pairs that fired about the same at overlapping times: before, after."""

    gone: tuple[Episode, ...]
    new: tuple[Episode, ...]
    same: tuple[tuple[Episode, Episode], ...]

    @property
    def is_none(self) -> bool:
        """Whether the same fires from the same times to the same times, at the same levels."""
        return not (self.gone or self.new) and all(
            (one.fired_ms, one.ended_ms, one.level) == (other.fired_ms, other.ended_ms, other.level)
            for one, other in self.same
        )


def episodes(events: Iterable[AlertEvent]) -> tuple[Episode, ...]:
    """Every alert that fired, in the order of firing; events of one alert come in order."""
    found: dict[str, Episode] = {}
    for event in events:
        known = found.get(event.alert_id)
        if known is None:
            if event.state in {"firing", "acknowledged"}:
                found[event.alert_id] = _begun(event)
        elif event.state in ENDED:
            found[event.alert_id] = replace(known, ended_ms=event.occurred_at_ms)
        else:
            level = max(known.level, event.level, key=LEVELS.index)
            found[event.alert_id] = replace(known, level=level, late=known.late and event.late)
    return tuple(sorted(found.values(), key=lambda one: (one.fired_ms, one.subject)))


def difference(before: Sequence[Episode], after: Sequence[Episode]) -> Difference:
    """Which episodes are new, which are gone, and which are the same ones, by what they are about and when."""
    waiting: dict[Subject, list[Episode]] = {}
    for one in after:
        waiting.setdefault(one.subject, []).append(one)
    gone: list[Episode] = []
    same: list[tuple[Episode, Episode]] = []
    for one in before:
        others = waiting.get(one.subject, [])
        found = next((other for other in others if one.overlaps(other)), None)
        if found is None:
            gone.append(one)
        else:
            others.remove(found)
            same.append((one, found))
    new = sorted((one for others in waiting.values() for one in others), key=lambda one: (one.fired_ms, one.subject))
    return Difference(tuple(gone), tuple(new), tuple(same))


def _begun(event: AlertEvent) -> Episode:
    subject = Subject(event.rule_id, event.server_id, event.metric, event.labels)
    return Episode(
        subject, event.alert_id, event.rule_version, event.occurred_at_ms, None, event.level, event.value, event.limit,
        event.late,
    )  # fmt: skip


def _before_end(one: Episode, other: Episode, slack_ms: int) -> bool:
    return other.ended_ms is None or one.fired_ms <= other.ended_ms + slack_ms
