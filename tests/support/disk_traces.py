"""Filesystems over fourteen days, a sample every five minutes: as they fill, and as they only look so."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass

STEP_SECONDS = 300
DAYS = 14
POINTS = DAYS * 86_400 // STEP_SECONDS
START_MS = 1_780_012_800_000
"""A midnight in UTC."""


@dataclass(frozen=True)
class DiskTrace:
    """Used shares of a filesystem. ``full_at`` is the point at which it is full, None if it never is."""

    used: tuple[float, ...]
    full_at: int | None

    def time_ms(self, point: int) -> int:
        return START_MS + point * STEP_SECONDS * 1000


def nightly_burst(chance: random.Random) -> DiskTrace:
    """A job writes a fifth of the disk within an hour each night, at about the same time, and takes it away again."""
    begins = [chance.gauss(2 * 12, 1.5) for _ in range(DAYS)]
    heights = [chance.uniform(0.19, 0.24) for _ in range(DAYS)]

    def burst(point: int) -> float:
        day, at = divmod(point, 288)
        since = at - begins[day]
        return heights[day] * min(since / 12, 1.0) if 0 <= since <= 14 else 0.0

    return _trace(chance, lambda point: 0.42 + 0.0005 * point / 288 + burst(point))


def weekly_sawtooth(chance: random.Random) -> DiskTrace:
    """Logs grow all week and are purged once a week."""
    shift, rise = chance.randrange(288 * 7), chance.uniform(0.28, 0.34)
    return _trace(chance, lambda point: 0.5 + rise * ((point + shift) % (288 * 7)) / (288 * 7))


def filling(percent_a_day: float) -> Callable[[random.Random], DiskTrace]:
    """From a quarter used on it fills steadily from some day on, more in the day than at night."""

    def make(chance: random.Random) -> DiskTrace:
        a_point = percent_a_day / 100 / 288
        # so late that days of calm were seen, so early that it is full before the trace ends
        begins = POINTS - 288 - round(0.75 / a_point) - chance.randrange(288)
        return _trace(chance, lambda point: 0.25 + max(0, point - begins) * a_point)

    return make


def sudden(chance: random.Random) -> DiskTrace:
    """A process that went wrong fills the last 45 percent in three hours."""
    begins = 288 * 10 + chance.randrange(288 * 3)
    return _trace(chance, lambda point: 0.55 + max(0.0, (point - begins) / 36 * 0.45))


def _trace(chance: random.Random, used: Callable[[int], float]) -> DiskTrace:
    """The shares with a little noise, as of files that come and go; a full disk stays full."""
    values: list[float] = []
    full_at: int | None = None
    for point in range(POINTS):
        value = min(1.0, max(0.0, used(point) + chance.gauss(0, 0.0004)))
        if full_at is None and used(point) >= 1.0:
            full_at = point
        values.append(value if full_at is None else 1.0)
    return DiskTrace(tuple(values), full_at)


KINDS: Mapping[str, Callable[[random.Random], DiskTrace]] = {
    "nightly burst": nightly_burst,
    "weekly sawtooth": weekly_sawtooth,
    "6 % a day": filling(6),
    "20 % a day": filling(20),
    "60 % a day": filling(60),
    "45 % in 3 h": sudden,
}


def disk_trace(kind: str, seed: int) -> DiskTrace:
    """The trace of a kind and a seed; the same ones make the same trace."""
    return KINDS[kind](random.Random(f"{kind} {seed}"))
