"""Hours and days as numbers since 1970, and which of them may be made anew."""

from collections.abc import Iterable
from dataclasses import dataclass

HOUR_SECONDS = 3600
DAY_SECONDS = 86_400
HOURS_A_DAY = 24
WINDOWS_AN_HOUR = 12
"""The ledger names windows of five minutes."""

GRACE_SECONDS = 60
"""An hour counts as over so long after its end: what agents sent in it is mostly stored by then. What comes later is
late data, and makes the hour anew."""
MARGIN_SECONDS = 3600
"""So long before the engine may let go of raw samples they are not read for rollups any more."""


@dataclass(frozen=True, slots=True)
class Horizon:
    """Between which times rollups are made, by the clock of the engine, whose TTLs take the raw samples away.

    ``now`` is in seconds. ``raw_from`` is the time from which on all raw samples are still there.
    """

    now: int
    raw_from: int

    @property
    def running_hour(self) -> int:
        """The first hour that is not over."""
        return (self.now - GRACE_SECONDS) // HOUR_SECONDS

    @property
    def running_day(self) -> int:
        """The first day that is not over."""
        return self.running_hour // HOURS_A_DAY

    @property
    def first_day(self) -> int:
        """The first day of which every raw sample is there.

        What lies before is never made anew, by hour or by day: what is left of it is less than what was counted.
        """
        return -(-(self.raw_from + MARGIN_SECONDS) // DAY_SECONDS)

    def hours(self, touched: Iterable[int]) -> list[int]:
        """Those that are over and whole, in order."""
        first = self.first_day * HOURS_A_DAY
        return sorted(hour for hour in set(touched) if first <= hour < self.running_hour)

    def days(self, touched: Iterable[int]) -> list[int]:
        """Those that are over and whole, in order."""
        return sorted(day for day in set(touched) if self.first_day <= day < self.running_day)


def day_of(hour: int) -> int:
    """The day of an hour."""
    return hour // HOURS_A_DAY
