"""One series as a composite reads it: its window, and whether it can still be believed."""

from pulsemon_schemas.rules.rule import Series

from pulsemon_stream_processors.engine.condition import NEVER
from pulsemon_stream_processors.engine.judged import FIRST_GAP_MS, LONGEST_STEP_MS, MISSED_STEPS, learnt_step
from pulsemon_stream_processors.engine.windows import new_window

FULL_SHARE = 0.8
"""Share of its samples that a window needs before it is evidence."""
GONE_MS = 300_000
GONE_STEPS = 5
"""After five minutes, or five of its usual steps if that is longer, a series is not there any more."""


class Probe:
    """``value``, ``count`` and ``first_offset`` are as of the newest sample, at ``last_ms``."""

    __slots__ = ("_full_ms", "count", "first_offset", "last_ms", "step_ms", "value", "window")

    def __init__(self, series: Series) -> None:
        self.window = new_window(series.window)
        self._full_ms = FULL_SHARE * 1000 * series.window.seconds
        self.last_ms = NEVER
        self.step_ms = 0
        self.value = 0.0
        self.count = 0
        self.first_offset = NEVER

    def feed(self, value: float, at_ms: int, offset: int) -> None:
        """Takes a sample; one that is not newer only changes what the window holds."""
        window = self.window
        gap_ms = at_ms - self.last_ms
        if gap_ms <= 0:
            if window is not None and window.amend(at_ms, value, offset):
                self._take(window.amended(self.last_ms), window.count, window.first_offset)
            return
        if self.last_ms >= 0:
            if self.step_ms == 0:
                self.step_ms = min(gap_ms, LONGEST_STEP_MS)
            elif gap_ms != self.step_ms:
                self.step_ms = learnt_step(self.step_ms, gap_ms)
        self.last_ms = at_ms
        if window is None:
            self.value = value
            self.count = 1
            self.first_offset = offset
        else:
            self.value = window.add(at_ms, value, offset)
            self.count = window.count
            self.first_offset = window.first_offset

    @property
    def is_full(self) -> bool:
        """Whether the window has the samples that it needs for evidence."""
        window = self.window
        return window is None or (window.is_ready and self.count * self.step_ms >= self._full_ms)

    def is_fresh(self, at_ms: int) -> bool:
        """Whether its newest sample still says something at a later time."""
        return at_ms - self.last_ms <= (MISSED_STEPS * self.step_ms or FIRST_GAP_MS)

    def is_gone(self, at_ms: int) -> bool:
        """Whether the series is not there any more."""
        return at_ms - self.last_ms > max(GONE_MS, GONE_STEPS * self.step_ms)

    def _take(self, value: float, count: int, first_offset: int) -> None:
        self.value, self.count, self.first_offset = value, count, first_offset
