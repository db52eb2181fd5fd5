"""Which recorded_at a host has used: a series must never get two values for one moment, whatever its clock does."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

MAX_RUNS = 64


class Run(NamedTuple):
    """Ticks without a hole, from the first to the last, all ``shift_ms`` after a multiple of the interval."""

    first_ms: int
    last_ms: int
    shift_ms: int = 0


@dataclass(frozen=True, slots=True)
class UsedTimes:
    """Runs of ticks in order; beyond ``MAX_RUNS`` the earliest go."""

    runs: tuple[Run, ...] = ()

    @classmethod
    def of(cls, runs: Iterable[Iterable[int]]) -> "UsedTimes":
        """From a saved list; runs of two numbers are not shifted. Raises ValueError or TypeError if it is none."""
        found = sorted(Run(*map(int, run)) for run in runs)
        if any(run.first_ms > run.last_ms for run in found):
            raise ValueError("a run ends before it begins")
        return cls(tuple(found)[-MAX_RUNS:])

    def run_at(self, time_ms: int, interval_ms: int) -> Run | None:
        """The run to which a tick of this interval belongs, None if it was not used.

        The interval may have been another when it was used: what lies within a run counts as used.
        """
        shift_ms = time_ms % interval_ms
        return next((run for run in self.runs if run.shift_ms == shift_ms and run[0] <= time_ms <= run[1]), None)

    def adding(self, time_ms: int, interval_ms: int) -> "UsedTimes":
        """These and ``time_ms``; a run goes on as long as there is one tick in each interval."""
        shift_ms = time_ms % interval_ms
        touching = [
            run
            for run in self.runs
            if run.shift_ms == shift_ms and run.first_ms - interval_ms <= time_ms <= run.last_ms + interval_ms
        ]
        others = [run for run in self.runs if run not in touching]
        first_ms = min([time_ms, *(run.first_ms for run in touching)])
        last_ms = max([time_ms, *(run.last_ms for run in touching)])
        return UsedTimes(tuple(sorted([*others, Run(first_ms, last_ms, shift_ms)]))[-MAX_RUNS:])


NEVER_USED = UsedTimes()
