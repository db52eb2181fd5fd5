"""Which recorded_at a reading gets: ticks in step with those of all others, and never one moment twice."""

MS_PER_SECOND = 1000
STEPPED_BACK_MS = 5 * 60 * MS_PER_SECOND
"""A clock that went back further was wrong before: waiting until it has caught up would be worse."""


class Moments:
    """Decides when to read, by the wall clock. Not thread-safe.

    Ticks are multiples of the interval. ``last_ms`` is the newest recorded_at that this series' producers have used,
    ``steps`` how often the clock went back far: each such step moves the ticks by a millisecond, so that times lived
    through twice are told apart.
    """

    def __init__(self, interval_ms: int, now_ms: int, last_ms: int = -1, steps: int = 0) -> None:
        self._interval_ms = interval_ms
        self.steps = steps
        # the tick that is running began before there was anything to read
        self.last_ms = max(last_ms, self._tick(now_ms))

    def due(self, now_ms: int) -> int | None:
        """The tick to read for now, which counts as used from here on; None if there is none yet."""
        self._notice(now_ms)
        tick = self._tick(now_ms)
        if tick <= self.last_ms:
            return None
        self.last_ms = tick
        return tick

    def between(self, now_ms: int) -> int:
        """A moment for a reading that cannot wait for a tick: now, or the next that is free."""
        self._notice(now_ms)
        self.last_ms = max(now_ms, self.last_ms + 1)
        return self.last_ms

    def wait_seconds(self, now_ms: int) -> float:
        """How long nothing can be due."""
        return max(0.0, (self._tick(now_ms) + self._interval_ms - now_ms) / MS_PER_SECOND)

    def _notice(self, now_ms: int) -> None:
        if now_ms < self.last_ms - STEPPED_BACK_MS:
            self.steps += 1
            self.last_ms = self._tick(now_ms)

    def _tick(self, now_ms: int) -> int:
        shift = self.steps % self._interval_ms
        return (now_ms - shift) // self._interval_ms * self._interval_ms + shift
