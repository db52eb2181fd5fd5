"""One level of a rule on one series: when it is entered and when it is left."""

from pulsemon_schemas.rules.rule import Level, Rule

NEVER = -1


class Condition:
    """``since_ms``: since when the limit is crossed without a break, while the level is not on yet.

    ``calm_ms``: since when the recovery value holds without a break, while it is on.
    """

    __slots__ = ("calm_ms", "is_on", "since_ms")

    def __init__(self) -> None:
        self.since_ms = NEVER
        self.is_on = False
        self.calm_ms = NEVER

    def judge(self, rule: Rule, level: Level, value: float, at_ms: int, is_full: bool, is_continuous: bool) -> None:
        """Takes the next value. ``is_full``: the window has the samples that it needs for evidence.

        ``is_continuous``: no samples are missing since the last value, so time since then counts.
        """
        if self.is_on:
            self._judge_on(rule, level, value, at_ms, is_full, is_continuous)
            return
        if not rule.is_beyond(value, level.limit):
            self.since_ms = NEVER
        elif is_full or not rule.needs_full_window:
            if self.since_ms == NEVER or not is_continuous:
                self.since_ms = at_ms
            if at_ms - self.since_ms >= level.for_seconds * 1000:
                self.is_on = True
                self.since_ms = self.calm_ms = NEVER

    def decide(self, level: Level, holds: bool | None, at_ms: int, is_continuous: bool) -> None:
        """Takes whether several conditions hold together. None is evidence for nothing: a level that is on stays on,
        and time does not count, neither for it nor against it.
        """
        if self.is_on:
            if holds is not False:
                self.calm_ms = NEVER
                return
            if self.calm_ms == NEVER or not is_continuous:
                self.calm_ms = at_ms
            if at_ms - self.calm_ms >= level.keep_firing_seconds * 1000:
                self.is_on = False
                self.calm_ms = NEVER
        elif holds is not True:
            self.since_ms = NEVER
        else:
            if self.since_ms == NEVER or not is_continuous:
                self.since_ms = at_ms
            if at_ms - self.since_ms >= level.for_seconds * 1000:
                self.is_on = True
                self.since_ms = self.calm_ms = NEVER

    def enter(self) -> None:
        """It is on, whatever its value."""
        self.since_ms = self.calm_ms = NEVER
        self.is_on = True

    def clear(self) -> None:
        """Begins anew."""
        self.since_ms = self.calm_ms = NEVER
        self.is_on = False

    def _judge_on(self, rule: Rule, level: Level, value: float, at_ms: int, is_full: bool, is_continuous: bool) -> None:
        if not rule.is_recovered(value, level):
            self.calm_ms = NEVER
        elif is_full:
            if self.calm_ms == NEVER or not is_continuous:
                self.calm_ms = at_ms
            if at_ms - self.calm_ms >= level.keep_firing_seconds * 1000:
                self.is_on = False
                self.calm_ms = NEVER
