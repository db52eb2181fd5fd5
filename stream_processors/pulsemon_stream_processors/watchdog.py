"""Ends a worker that stands still while there is something to do: a dead agent says nothing and is never restarted."""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pulsemon_stream_processors.errors import StuckError

log = logging.getLogger(__name__)

CHECK_SECONDS = 3.0
LONGEST_STEP_SECONDS = 6.0
"""A longer time between two looks is time in which this process did not run either."""


@dataclass(frozen=True, slots=True)
class Position:
    """Of one partition: where its log ends, the next record to apply, and the next one by the group's commits."""

    end_offset: int
    next_offset: int
    committed_offset: int


@dataclass(slots=True)
class _Standstill:
    position: Position
    unapplied_seconds: float = 0.0
    uncommitted_seconds: float = 0.0


class Patience:
    """Judges positions. Pure: time comes in as the seconds since the last look.

    ``apply_seconds`` may pass without a record applied while there are some; ``commit_seconds`` without a commit while
    records are applied.
    """

    def __init__(self, apply_seconds: float, commit_seconds: float) -> None:
        self._apply_seconds = apply_seconds
        self._commit_seconds = commit_seconds
        self._known: dict[int, _Standstill] = {}

    def look(self, positions: Mapping[int, Position], step_seconds: float) -> None:
        """Takes the positions of the partitions that are ours now. StuckError if patience is at its end."""
        step_seconds = min(step_seconds, LONGEST_STEP_SECONDS)
        known, self._known = self._known, {}
        for partition, position in positions.items():
            before = known.get(partition) or _Standstill(position)
            self._known[partition] = self._judged(before, position, step_seconds)
        for partition, standstill in self._known.items():
            self._check(partition, standstill)

    def _judged(self, before: _Standstill, now: Position, step_seconds: float) -> _Standstill:
        was = before.position
        is_behind = now.end_offset > max(now.next_offset, 0)
        has_applied = now.next_offset != was.next_offset
        has_committed = now.committed_offset != was.committed_offset
        is_uncommitted = now.next_offset > max(now.committed_offset, 0)
        return _Standstill(
            now,
            before.unapplied_seconds + step_seconds if is_behind and not has_applied else 0.0,
            before.uncommitted_seconds + step_seconds if is_uncommitted and not has_committed else 0.0,
        )

    def _check(self, partition: int, standstill: _Standstill) -> None:
        position = standstill.position
        if standstill.unapplied_seconds >= self._apply_seconds:
            first = position.next_offset if position.next_offset >= 0 else max(position.committed_offset, 0)
            raise StuckError(
                f"partition {partition} has records up to {position.end_offset - 1} and none from "
                f"{first} on was applied for {standstill.unapplied_seconds:.0f} s; the worker ends, "
                "its successor goes on from the committed state"
            )
        if standstill.uncommitted_seconds >= self._commit_seconds:
            raise StuckError(
                f"partition {partition} was applied up to {position.next_offset - 1} and nothing was committed after "
                f"{position.committed_offset} for {standstill.uncommitted_seconds:.0f} s; the worker ends, "
                "its successor goes on from the committed state"
            )


class Watchdog:
    """Looks at the positions every few seconds, in a thread of its own, and calls ``end`` when patience ends.

    ``positions`` may return nothing, when Kafka does not answer: input that nobody sees does not move. Whatever it
    raises goes to ``end`` too, unless the watch was closed meanwhile: nobody would know of a watch that failed.
    """

    def __init__(
        self,
        patience: Patience,
        positions: Callable[[], Mapping[int, Position]],
        end: Callable[[Exception], None],
    ) -> None:
        self._patience = patience
        self._positions = positions
        self._end = end
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watchdog", daemon=True)

    def start(self) -> None:
        """Begins to look."""
        self._thread.start()

    def close(self) -> None:
        """Ends looking; does not wait for an answer of Kafka."""
        self._stop.set()

    def _run(self) -> None:
        last = time.monotonic()
        while not self._stop.wait(CHECK_SECONDS):
            try:
                positions = self._positions()
                now = time.monotonic()
                self._patience.look(positions, now - last)
            except Exception as error:  # noqa: BLE001 - a thread that ends by an error says so to nobody
                if not self._stop.is_set():
                    self._end(error)
                return
            last = now
