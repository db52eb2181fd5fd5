"""The life of one role as pure rules: what follows from its starting, being ready and ending."""

from dataclasses import dataclass
from enum import StrEnum

# The first restart comes at once: a role that was killed should be missed as shortly as can be.
DELAYS_SECONDS = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
STABLE_SECONDS = 10.0
HOPELESS_FAILURES = 5
# Wrong settings or usage, and what else no repetition mends.
FINAL_EXIT_CODES = (2, 3)


class State(StrEnum):
    """Where a role stands."""

    WAITING = "waiting"
    STARTING = "starting"
    READY = "ready"
    DONE = "done"
    RESTARTING = "restarting"
    STOPPING = "stopping"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Ending:
    """What follows: another start after ``delay_seconds``, and whether to tell people that it is hopeless."""

    delay_seconds: float
    is_hopeless: bool


@dataclass(slots=True)
class Life:
    """State and counters of one role; times are seconds of one monotonic clock."""

    state: State = State.WAITING
    failures: int = 0
    starts: int = 0
    was_ever_ready: bool = False
    ready_since: float | None = None

    @property
    def restarts(self) -> int:
        """How often it was started again."""
        return max(self.starts - 1, 0)

    @property
    def satisfies(self) -> bool:
        """Whether roles that need it may start."""
        return self.state in (State.READY, State.DONE)

    @property
    def is_running(self) -> bool:
        """Whether it has a process."""
        return self.state in (State.STARTING, State.READY, State.STOPPING)

    def started(self) -> None:
        """Its process was started."""
        self.state = State.STARTING
        self.starts += 1
        self.ready_since = None

    def ready(self, now: float) -> None:
        """It said, or a probe found, that it works."""
        self.state = State.READY
        self.was_ever_ready = True
        self.ready_since = now

    def done(self) -> None:
        """A task ended well."""
        self.state = State.DONE
        self.was_ever_ready = True
        self.failures = 0

    def failed(self, now: float, exit_code: int) -> Ending:
        """It ended though nobody asked it to. Having been ready for a while pays its earlier failures off."""
        was_stable = self.ready_since is not None and now - self.ready_since >= STABLE_SECONDS
        self.failures = 1 if was_stable else self.failures + 1
        self.state = State.RESTARTING
        self.ready_since = None
        delay_seconds = DELAYS_SECONDS[min(self.failures, len(DELAYS_SECONDS)) - 1]
        is_final = exit_code in FINAL_EXIT_CODES and not self.was_ever_ready
        return Ending(delay_seconds, is_final or self.failures == HOPELESS_FAILURES)
