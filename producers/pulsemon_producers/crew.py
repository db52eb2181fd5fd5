"""All collectors at work: begun close together at a tick, waited for briefly, none ever held up by another."""

import logging
import queue
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from pulsemon_producers.collectors.base import Collector, Tick
from pulsemon_producers.member import Member
from pulsemon_producers.worker import Outcome, Worker

log = logging.getLogger(__name__)

PATIENCE_SECONDS = 1.0
"""How long a tick waits for its collectors. A slower one that keeps its own deadline has its points sent next time."""

HEAD_START_SECONDS = 0.005
"""How long each collector has the interpreter for itself before the next begins: most need a tenth of it. Begun all at
once they take turns, and their threads wake again and again to ask for theirs."""


@dataclass(slots=True)
class Crew:
    """The collectors of one agent. Called from one thread."""

    members: dict[str, Member]
    patience_seconds: float = PATIENCE_SECONDS
    outcomes: "queue.SimpleQueue[Outcome]" = field(default_factory=queue.SimpleQueue)

    @classmethod
    def of(cls, collectors: Iterable[Collector], tick_ms: int) -> "Crew":
        """Starts a thread for each. Raises ValueError if two have one name."""
        crew = cls({})
        for collector in collectors:
            if collector.name in crew.members:
                raise ValueError(f"two collectors are named {collector.name!r}")
            crew.members[collector.name] = Member(Worker(collector, crew.outcomes), tick_ms)
        return crew

    def collect(self, tick: Tick) -> list[Outcome]:
        """Outcomes that went well: of this tick, and of earlier ones whose collector was slow but in time.

        Each collector is given the tick with its own ``previous_ms``.
        """
        good = self._take_arrived()
        until = time.monotonic() + self.patience_seconds
        for member in self.members.values():
            if self._begin(member, tick):
                good += self._take_next(HEAD_START_SECONDS)
        while (seconds := self._seconds_to_wait(until)) > 0:
            good += self._take_next(seconds)
        return good

    def begin_anew(self) -> None:
        """Calls at the next tick all that need two readings, whatever their interval; the others never again."""
        for member in self.members.values():
            member.previous_ms = None
            member.is_resting = not member.collector.needs_two_readings

    def close(self, timeout_seconds: float) -> None:
        """Ends the threads and closes the collectors, but for those that hang. What they raise is logged."""
        until = time.monotonic() + timeout_seconds
        for member in self.members.values():
            member.worker.end()
            if member.is_busy:
                _end(member.collector.name, "interrupt", member.collector.interrupt)
        for member in self.members.values():
            if member.worker.join(max(0.0, until - time.monotonic())):
                _end(member.collector.name, "close", member.collector.close)

    def _seconds_to_wait(self, until: float) -> float:
        """Until nobody is worth waiting for: each to the own deadline, all to ``until``; 0 or less if all are done."""
        ends = [member.deadline_at for member in self.members.values() if member.deadline_at is not None]
        return min(until, max(ends)) - time.monotonic() if ends else 0.0

    def _take_next(self, wait_seconds: float) -> list[Outcome]:
        try:
            return self._settle(self.outcomes.get(timeout=wait_seconds))
        except queue.Empty:
            return []

    def _take_arrived(self) -> list[Outcome]:
        good: list[Outcome] = []
        while not self.outcomes.empty():
            good += self._settle(self.outcomes.get())
        return good

    def _begin(self, member: Member, tick: Tick) -> bool:
        """True if the member is at work on this tick now."""
        if not member.is_busy and not member.is_due(tick):
            return False
        now = time.monotonic()
        if member.begun_seconds is None:
            member.begun_seconds = now
            own = Tick(tick.recorded_at_ms, member.previous_ms, tick.boot_id, tick.intervals_ms, tick.off)
            member.worker.begin(own)
            return True
        member.missed += 1
        if now - member.begun_seconds > member.collector.deadline_seconds:
            self._fail(member, f"has not returned for {now - member.begun_seconds:.0f} s", "when it has returned")
        return False

    def _settle(self, outcome: Outcome) -> list[Outcome]:
        """The outcome if it is good; what is wrong is counted here."""
        member = self.members[outcome.collector]
        member.begun_seconds = None
        member.last_seconds = outcome.seconds
        if (problem := _problem(outcome, member.collector.deadline_seconds)) is not None:
            member.failed_runs += 1
            member.failed_ms = outcome.tick.recorded_at_ms
            self._fail(member, problem, member.when_again)
            return []
        if member.is_failing:
            log.info("Collector %s works again.", outcome.collector)
        member.is_failing = False
        member.failed_runs, member.failed_ms = 0, None
        member.previous_ms = outcome.tick.recorded_at_ms
        return [outcome]

    def _fail(self, member: Member, what: str, again: str) -> None:
        """Counts, and logs when it begins: a warning at each tick helps nobody."""
        member.errors += 1
        if not member.is_failing:
            log.warning(
                "Collector %s %s. Its points of this tick are dropped, the others are sent. It is called again %s; its "
                "failures are counted in pulsemon.agent.collect.errors.",
                member.collector.name,
                what,
                again,
            )
        member.is_failing = True


def _end(name: str, what: str, call: Callable[[], None]) -> None:
    """Calls one of the methods that end a collector: the others are ended and what waits is sent whatever it raises."""
    try:
        call()
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever it is, the agent ends in order
        log.warning(
            "%s() of collector %s raised %s: %s. The agent ends as it would without; mend the collector, for something "
            "of it may be left open.",
            what,
            name,
            type(error).__name__,
            error,
        )


def _problem(outcome: Outcome, deadline_seconds: float) -> str | None:
    """What is wrong with a run, None for nothing."""
    if outcome.error is not None:
        return f"raised {type(outcome.error).__name__}: {outcome.error}"
    if outcome.seconds > deadline_seconds:
        return f"took {outcome.seconds:.1f} s, its deadline is {deadline_seconds:g} s"
    return None
