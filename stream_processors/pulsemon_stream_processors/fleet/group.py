"""One environment under its rule: the conditions of the levels, and its alert."""

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, field, replace

from pulsemon_schemas.labels import canonical
from pulsemon_schemas.rules import Rule
from pulsemon_schemas.rules.environments import LABEL

from pulsemon_stream_processors.engine.alert import Alert
from pulsemon_stream_processors.engine.condition import NEVER, Condition
from pulsemon_stream_processors.fleet.muster import Cohort


@dataclass(slots=True)
class Group:
    """``judged_ms`` is the elapsed time at which it was judged last. ``is_closed``: somebody closed the alert, and
    there is no other before less of the environment is silent. ``ended`` are the alerts that ended, with their times.
    ``cohort`` is the group of servers that it is about, None for an environment. ``failing`` is why it could not be
    judged at the last step, "" if it could.
    """

    environment: str
    cohort: Cohort | None = None
    rule: Rule | None = None
    conditions: dict[str, Condition] = field(default_factory=dict)
    alert: Alert | None = None
    is_closed: bool = False
    judged_ms: int = 0
    ended: list[tuple[str, int]] = field(default_factory=list)
    failing: str = ""

    @property
    def labels(self) -> str:
        """The labels of its alerts."""
        return canonical({LABEL: self.environment}) if self.cohort is None else self.cohort.labels

    @property
    def is_idle(self) -> bool:
        """Whether nothing happens before its counts, or the rules, change."""
        return self.alert is None and not self.is_closed and not self.ended and not self.failing

    def copied(self) -> "Group":
        """The group as it is now, whatever happens to this one."""
        conditions = {name: copy(condition) for name, condition in self.conditions.items()}
        return replace(self, conditions=conditions, alert=copy(self.alert), ended=list(self.ended))

    def take_rule(self, rule: Rule) -> None:
        """Goes on under this version of the rule; levels that are still there keep their state."""
        self.rule = rule
        self.conditions = {level.name: self.conditions.get(level.name) or Condition() for level in rule.levels}

    def judge(self, rule: Rule, value: float, elapsed_ms: int, hole_ms: int) -> None:
        """Takes the share of silent servers, or the healthy ones. Time across a hole counts for nothing."""
        is_continuous = hole_ms <= self.judged_ms
        for level in rule.levels:
            self.conditions[level.name].judge(rule, level, value, elapsed_ms, True, is_continuous)
        self.judged_ms = elapsed_ms

    def firing_level(self) -> str:
        """The worst level that is on, "" for none."""
        return self._worst(lambda condition: condition.is_on)

    def pending_level(self) -> str:
        """The worst level whose limit is crossed but not for long enough, "" for none."""
        return self._worst(lambda condition: condition.since_ms != NEVER)

    def rest(self) -> None:
        """Forgets what was judged: the next alert begins anew."""
        self.alert = None
        for condition in self.conditions.values():
            condition.clear()

    def _worst(self, holds: Callable[[Condition], bool]) -> str:
        levels = self.rule.levels if self.rule else ()
        return next((level.name for level in reversed(levels) if holds(self.conditions[level.name])), "")
