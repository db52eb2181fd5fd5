"""Which recorded_at a host has used: a series must never get two values for one moment, whatever its clock does."""

from collections.abc import Iterable
from dataclasses import dataclass

MAX_RUNS = 64

Run = tuple[int, int]


@dataclass(frozen=True, slots=True)
class UsedTimes:
    """Runs of ticks, first and last of each in milliseconds, in order; beyond ``MAX_RUNS`` the earliest go."""

    runs: tuple[Run, ...] = ()

    @classmethod
    def of(cls, runs: Iterable[Iterable[int]]) -> "UsedTimes":
        """From a saved list. Raises ValueError or TypeError if it is none."""
        pairs = sorted((int(first), int(last)) for first, last in runs)
        if any(first > last for first, last in pairs):
            raise ValueError("a run ends before it begins")
        return cls(tuple(pairs)[-MAX_RUNS:])

    def __contains__(self, time_ms: int) -> bool:
        return any(first <= time_ms <= last for first, last in self.runs)

    def adding(self, time_ms: int, interval_ms: int) -> "UsedTimes":
        """These and ``time_ms``; a run goes on as long as there is one tick in each interval."""
        touching = [run for run in self.runs if run[0] - interval_ms <= time_ms <= run[1] + interval_ms]
        others = [run for run in self.runs if run not in touching]
        first = min([time_ms, *(run[0] for run in touching)])
        last = max([time_ms, *(run[1] for run in touching)])
        return UsedTimes(tuple(sorted([*others, (first, last)]))[-MAX_RUNS:])


NEVER_USED = UsedTimes()
