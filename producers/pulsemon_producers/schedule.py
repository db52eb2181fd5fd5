"""When to collect: pure rules over two clocks, both passed in.

A tick stands for a multiple of the interval in wall time, its recorded_at, which is the same on every host. Hosts
collect at different moments after it, each always at its own phase, so that a thousand do not speak at once.
"""

import hashlib
from dataclasses import dataclass

from pulsemon_producers.used_times import NEVER_USED, UsedTimes

MS_PER_SECOND = 1000
PHASE_SHARE = 0.2
"""Hosts are spread over this share of the interval: what is shown should not be much older than it has to be."""
HASH_BYTES = 8
LIVED_AGAIN_TICKS = 2
"""A clock that went back less soon has caught up: until then there is nothing to collect."""
MAX_LIVES = 50
"""How often the same hour can be lived through."""


@dataclass(frozen=True, slots=True)
class Due:
    """A tick to collect now. ``missed`` ticks before it will never be collected."""

    recorded_at_ms: int
    lateness_seconds: float
    missed: int


def phase_ms(server_id: str, interval_ms: int) -> int:
    """How long after a multiple of the interval this host collects: the same at every start."""
    digest = hashlib.blake2b(server_id.encode(), digest_size=HASH_BYTES).digest()
    return int(int.from_bytes(digest, "big") / (1 << (8 * HASH_BYTES)) * interval_ms * PHASE_SHARE)


class Schedule:
    """Decides at any moment whether a tick is due, and how long to wait before asking again.

    No recorded_at comes twice: not after a clock went back, and none that an earlier run of the agent ``used``. Ticks
    that the clock lives through again, two and more before the newest, are recorded some milliseconds later. After a
    suspend or a step forward the present tick is due; those skipped are not made up for, and count as missed only as
    far as the machine was running. Without knowing what was used (``begins_at_once`` False) the tick that is running at
    the start is left alone.
    """

    def __init__(
        self, interval_ms: int, phase_ms: int, used: UsedTimes = NEVER_USED, begins_at_once: bool = True
    ) -> None:
        self._interval_ms = interval_ms
        self._phase_ms = phase_ms
        self._used = used
        self._last: tuple[int, int, float] | None = None
        self._skips_ms: int | None = None
        self._begins_at_once = begins_at_once

    def due(self, wall_ms: int, monotonic_seconds: float) -> Due | None:
        """The tick to collect now, which counts as used from here on; None if there is nothing to do yet."""
        slot_ms = self._slot_ms(wall_ms)
        if self._last is None and not self._may_begin(slot_ms):
            return None
        moment_ms = self._moment_ms(slot_ms)
        if moment_ms is None:
            return None
        late_ms = wall_ms - slot_ms - self._phase_ms if self._last else 0
        due = Due(moment_ms, late_ms / MS_PER_SECOND, self._missed(slot_ms, wall_ms, monotonic_seconds))
        self._used = self._used.adding(moment_ms, self._interval_ms)
        self._last = (slot_ms, wall_ms, monotonic_seconds)
        return due

    def wait_seconds(self, wall_ms: int) -> float:
        """How long nothing can be due, if the clock runs on as it does; never more than an interval."""
        next_ms = self._slot_ms(wall_ms) + self._interval_ms + self._phase_ms
        return (next_ms - wall_ms) / MS_PER_SECOND

    def _slot_ms(self, wall_ms: int) -> int:
        """The newest tick whose collection has begun at ``wall_ms``."""
        return (wall_ms - self._phase_ms) // self._interval_ms * self._interval_ms

    def _moment_ms(self, slot_ms: int) -> int | None:
        """What a tick is recorded as: itself, or where the clock went back the next free moment of its own."""
        if self._last is not None and slot_ms == self._last[0]:
            return None
        for moment_ms in range(slot_ms, slot_ms + min(MAX_LIVES, self._interval_ms)):
            run = self._used.run_at(moment_ms, self._interval_ms)
            if run is None:
                return moment_ms
            if run.last_ms - moment_ms < LIVED_AGAIN_TICKS * self._interval_ms:
                return None
        return None

    def _may_begin(self, slot_ms: int) -> bool:
        if self._skips_ms is None:
            self._skips_ms = slot_ms
        return self._begins_at_once or slot_ms != self._skips_ms

    def _missed(self, slot_ms: int, wall_ms: int, monotonic_seconds: float) -> int:
        if self._last is None:
            return 0
        last_slot_ms, last_wall_ms, last_seconds = self._last
        ran_ms = (monotonic_seconds - last_seconds) * MS_PER_SECOND
        by_clock = (slot_ms - last_slot_ms) // self._interval_ms - 1
        if abs(wall_ms - last_wall_ms - ran_ms) < self._interval_ms / 2:
            return max(0, by_clock)
        by_running = round(ran_ms / self._interval_ms) - 1
        # a clock that went back says nothing about how many ticks passed
        return max(0, min(by_running, by_clock) if slot_ms > last_slot_ms else by_running)
