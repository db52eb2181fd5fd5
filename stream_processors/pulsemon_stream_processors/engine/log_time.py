"""The time of a partition, from the times at which its log took the records."""

from dataclasses import dataclass

STEP_CAP_MS = 15_000
"""A longer step of append time is a hole: the broker was away, or a clock jumped."""


@dataclass(slots=True)
class LogTime:
    """``clock_ms`` is the calendar: the highest append time, -1 before the first record.

    ``elapsed_ms`` is the time that the log was seen to run, with each step capped, so that silence is only counted
    while records could have come. ``hole_ms`` is the elapsed time at the last hole: silence counts anew from there.
    """

    clock_ms: int = -1
    elapsed_ms: int = 0
    hole_ms: int = 0

    def advance(self, append_time_ms: int) -> None:
        """Takes the append time of the next record; one that is not newer moves nothing."""
        step_ms = append_time_ms - self.clock_ms
        if step_ms <= 0:
            return
        if self.clock_ms >= 0:
            if step_ms > STEP_CAP_MS:
                self.elapsed_ms += STEP_CAP_MS
                self.hole_ms = self.elapsed_ms
            else:
                self.elapsed_ms += step_ms
        self.clock_ms = append_time_ms

    def break_off(self) -> None:
        """Records are missing here: silence counts anew."""
        self.hole_ms = self.elapsed_ms

    def silence_ms(self, seen_elapsed_ms: int) -> int:
        """How long something was silent that was last seen at an elapsed time."""
        return self.elapsed_ms - max(seen_elapsed_ms, self.hole_ms)
