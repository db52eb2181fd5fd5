"""One run over all that was touched: hours first, then the days that are over, then the cursors."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

from pulsemon_sinks.clickhouse.connection import Store
from pulsemon_sinks.clickhouse.turn import Turns, TurnTakenError
from pulsemon_sinks.rollups.horizon import horizon
from pulsemon_sinks.rollups.making import Maker
from pulsemon_sinks.rollups.spans import Horizon, day_of
from pulsemon_sinks.rollups.touched import DAYS, HOURS, Cursor, Cursors

log = logging.getLogger(__name__)

LEASE_SECONDS = 180
"""Longer than any statement of a run takes; who dies with the turn keeps the others waiting so long."""
RENEWAL_SECONDS = 20.0


class StoppedError(Exception):
    """The sink ends; what is not done is done by the next run."""


@dataclass(frozen=True, slots=True)
class Made:
    """What a run made anew, and what it read for that."""

    hours: int = 0
    days: int = 0
    samples: int = 0


def _reach(found: Horizon) -> tuple[Cursor, Cursor]:
    """How far rollups reach now; readers take what is newer from the raw samples."""
    return (HOURS, "", 0, found.running_hour), (DAYS, "", 0, found.running_day)


class Job:
    """The rollups of one database. ``is_stopped`` is asked between statements. All methods raise as Store."""

    def __init__(self, store: Store, database: str, metrics_topic: str, is_stopped: Callable[[], bool]) -> None:
        self._store = store
        self._database = database
        self._cursors = Cursors(store, database, metrics_topic)
        self._turns = Turns(store, f"{database}.rollup_turns", LEASE_SECONDS)
        self._is_stopped = is_stopped
        self._done_hour = -1
        self._seen_requests: frozenset[str] = frozenset()

    def is_due(self) -> bool:
        """Whether an hour has ended since the last run, or somebody asked for hours."""
        if horizon(self._store, self._database).running_hour != self._done_hour:
            return True
        return not self._cursors.open_requests() <= self._seen_requests

    def run(self) -> Made | None:
        """One run; None if another sink has the turn. StoppedError if it was stopped in between."""
        try:
            with self._turns.take(timeout_seconds=0) as renew:
                return self._run(renew)
        except TurnTakenError:
            return None

    def _run(self, renew: Callable[[], None]) -> Made:
        began = time.monotonic()
        seen = self._cursors.open_requests()
        found = horizon(self._store, self._database)
        touched = self._cursors.touched(found)
        maker = Maker(self._store, self._database, self._step(renew))
        made = self._make(maker, found, touched.hours)
        # only now: whatever ended the run before leaves everything to be looked at again
        self._cursors.advance([*touched.cursors, *_reach(found)])
        self._done_hour, self._seen_requests = found.running_hour, seen
        if made.hours or made.days:
            log.info(
                "rollups: %s hours and %s days made of %.1f M samples in %.1f s",
                made.hours, made.days, made.samples / 1e6, time.monotonic() - began,
            )  # fmt: skip
        return made

    def _make(self, maker: Maker, found: Horizon, touched: frozenset[int]) -> Made:
        hours = found.hours(touched)
        read = {hour: maker.hour(hour) for hour in reversed(hours)}  # the newest first: people look at it first
        late = {day_of(hour) for hour in hours}
        days = found.days({*late, *range(max(self._cursors.days_done_before(), found.first_day), found.running_day)})
        read_for_days = {day: maker.day(day) for day in reversed(days)}
        return Made(
            sum(1 for count in read.values() if count),
            sum(1 for count in read_for_days.values() if count),
            sum(read.values()) + sum(read_for_days.values()),
        )

    def _step(self, renew: Callable[[], None]) -> Callable[[], None]:
        renewed_at = time.monotonic()

        def step() -> None:
            nonlocal renewed_at
            if self._is_stopped():
                raise StoppedError
            if time.monotonic() - renewed_at > RENEWAL_SECONDS:
                renew()
                renewed_at = time.monotonic()

        return step
