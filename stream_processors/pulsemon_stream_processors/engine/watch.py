"""One series under one rule: its window, the conditions of the levels, and its alert."""

from collections.abc import Mapping
from typing import NamedTuple

from pulsemon_schemas.rules.rule import OPERATORS, Rule

from pulsemon_stream_processors.engine.alert import Alert, Evidence
from pulsemon_stream_processors.engine.condition import NEVER, Condition
from pulsemon_stream_processors.engine.moment import Moment
from pulsemon_stream_processors.engine.window import Window
from pulsemon_stream_processors.engine.windows import new_window

MISSED_STEPS = 3
"""Two samples may be missing between two others before time between them stops to count."""
FIRST_GAP_MS = 300_000
LONGEST_STEP_MS = 2 * 3_600_000
FULL_SHARE = 0.8
"""Share of its samples that a window needs before it is evidence."""


class Key(NamedTuple):
    """What a watch is of, within its server."""

    family: str
    metric: str
    labels: str


class Watch:
    """``last_ms`` is the newest event time, ``step_ms`` the usual time between samples, ``seen_ms`` elapsed time.

    ``is_amended``: what was judged last was changed by a late sample. ``failed_version`` is the version of the rule
    that could not be judged, and is not tried again.
    """

    __slots__ = (
        "alert",
        "conditions",
        "crosses",
        "failed_version",
        "is_amended",
        "is_idle",
        "key",
        "label_map",
        "last_ms",
        "rule",
        "seen_ms",
        "step_ms",
        "trigger",
        "window",
    )

    def __init__(self, key: Key, label_map: Mapping[str, str], rule: Rule) -> None:
        self.key = key
        self.label_map = label_map
        self.window = new_window(rule.window)
        self.conditions: dict[str, Condition] = {}
        self._take(rule)
        self.alert: Alert | None = None
        self.is_idle = True
        self.is_amended = False
        self.last_ms = NEVER
        self.step_ms = 0
        self.seen_ms = 0
        self.failed_version = NEVER - 1

    def adopt(self, rule: Rule) -> None:
        """Goes on under another version of the rule: windows and levels that it does not change keep their state."""
        if rule is self.rule:
            return
        if rule.window != self.rule.window:
            self.window = new_window(rule.window)
            if self.alert is not None:
                self.alert.start_offset = NEVER
        self._take(rule)

    def feed(self, value: float, moment: Moment) -> Evidence | None:
        """Takes a sample. What was judged, if that may move the alert; None if all is calm as before."""
        at_ms = moment.at_ms
        gap_ms = at_ms - self.last_ms
        window = self.window
        if gap_ms <= 0:
            return self._amend(value, moment)
        step_ms = self.step_ms
        if self.last_ms < 0:
            is_continuous = False
        elif step_ms == 0:
            is_continuous = gap_ms <= FIRST_GAP_MS
            self.step_ms = min(gap_ms, LONGEST_STEP_MS)
        else:
            is_continuous = gap_ms <= MISSED_STEPS * step_ms
            if gap_ms != step_ms:
                self._learn_step(gap_ms)
        self.last_ms = at_ms
        self.seen_ms = moment.elapsed_ms
        rule = self.rule
        if window is None:
            if self.is_idle and not self.crosses(value, self.trigger):
                return None
            evidence = Evidence(value, 1, moment.offset)
            is_full = True
        else:
            value = window.add(at_ms, value, moment.offset)
            if self.is_idle and not self.crosses(value, self.trigger):
                return None
            evidence = Evidence(value, window.count, window.first_offset)
            is_full = self._is_full(window)
        for level in rule.levels:
            self.conditions[level.name].judge(rule, level, value, at_ms, is_full, is_continuous)
        self.is_amended = False
        return evidence

    def _amend(self, value: float, moment: Moment) -> Evidence | None:
        """Takes a sample that is not newer than the series: what the window holds at its newest one may be another.

        The last sample alone is judged by the newest one, which this is not.
        """
        window, rule = self.window, self.rule
        if window is None or not window.amend(moment.at_ms, value, moment.offset):
            return None
        value = window.amended(self.last_ms)
        if self.is_idle and not self.crosses(value, self.trigger):
            return None
        is_full = self._is_full(window)
        for level in rule.levels:
            self.conditions[level.name].judge(rule, level, value, self.last_ms, is_full, True)
        self.is_amended = True
        return Evidence(value, window.count, window.first_offset)

    def _is_full(self, window: Window) -> bool:
        return window.count * self.step_ms >= FULL_SHARE * 1000 * self.rule.window.seconds

    def firing_level(self) -> str:
        """The worst level that is on, "" for none."""
        return next((level.name for level in reversed(self.rule.levels) if self.conditions[level.name].is_on), "")

    def pending_level(self) -> str:
        """The worst level whose limit is crossed but not for long enough, "" for none."""
        waiting = (level.name for level in reversed(self.rule.levels) if self.conditions[level.name].since_ms != NEVER)
        return next(waiting, "")

    def begin_anew(self) -> None:
        """Forgets the samples; an alert stays until others say something else."""
        self.window = new_window(self.rule.window)
        if self.alert is None:
            self.rest()
        else:
            self.alert.start_offset = NEVER

    def rest(self) -> None:
        """Forgets all conditions: the next alert begins anew."""
        for condition in self.conditions.values():
            condition.clear()
        self.alert = None
        self.is_idle = True

    def _take(self, rule: Rule) -> None:
        self.rule = rule
        self.conditions = {level.name: self.conditions.get(level.name) or Condition() for level in rule.levels}
        self.crosses = OPERATORS[rule.operator]
        self.trigger = rule.levels[0].limit if rule.levels else 0.0

    def _learn_step(self, gap_ms: int) -> None:
        """A shorter gap is the usual one at once; longer ones only if they go on."""
        if gap_ms < self.step_ms:
            self.step_ms = gap_ms
        else:
            self.step_ms += (min(gap_ms, 4 * self.step_ms) - self.step_ms) // 4
