"""One series under one rule: its window, the conditions of the levels, and its alert."""

from collections.abc import Mapping
from typing import Any

from pulsemon_schemas.rules.rule import OPERATORS, Rule

from pulsemon_stream_processors.engine.alert import Evidence
from pulsemon_stream_processors.engine.condition import NEVER
from pulsemon_stream_processors.engine.judged import (
    FIRST_GAP_MS,
    LONGEST_STEP_MS,
    MISSED_STEPS,
    Judged,
    Key,
    learnt_step,
)
from pulsemon_stream_processors.engine.moment import Moment
from pulsemon_stream_processors.engine.window import Window
from pulsemon_stream_processors.engine.windows import new_window

FULL_SHARE = 0.8
"""Share of its samples that a window needs before it is evidence."""


class Watch(Judged):
    """Of a threshold. ``trigger`` is the limit that is reached first, and ``crosses`` whether a value does."""

    __slots__ = ("crosses", "trigger", "window")

    def __init__(self, key: Key, label_map: Mapping[str, str], rule: Rule) -> None:
        self.window = new_window(rule.window)
        super().__init__(key, label_map, rule)

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
                self.step_ms = learnt_step(step_ms, gap_ms)
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
        return window.is_ready and window.count * self.step_ms >= FULL_SHARE * 1000 * self.rule.window.seconds

    def begin_anew(self) -> None:
        """Forgets the samples; an alert stays until others say something else."""
        self.window = new_window(self.rule.window)
        if self.alert is None:
            self.rest()
        else:
            self.alert.start_offset = NEVER

    def told(self, level_name: str) -> str:
        """The limit of a level."""
        level = self.rule.level(level_name)
        return f"{self.rule.window.function} {self.rule.operator} {level.limit:g}" if level else level_name

    def kept(self) -> tuple[Any, ...]:
        """As of every ``Judged``, with the window that it has."""
        return super().kept(), self.window, self.crosses, self.trigger

    def put_back(self, kept: tuple[Any, ...]) -> None:
        """Brings back what was kept."""
        super().put_back(kept[0])
        _, self.window, self.crosses, self.trigger = kept

    def _take(self, rule: Rule) -> None:
        super()._take(rule)
        self.crosses = OPERATORS[rule.operator]
        self.trigger = rule.levels[0].limit if rule.levels else 0.0
