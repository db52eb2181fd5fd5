"""Noise without state: a hash of a key and a cell number, so that it can be asked for at any time, in any order.

Only whole-number arithmetic and interpolation, no transcendental functions: the same bits on every machine, however
many values are asked for at once.
"""

from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Seconds = NDArray[np.int64]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)


def key(*parts: str | int) -> int:
    """64 bits that stand for the parts: the name of one stream of noise."""
    return int.from_bytes(blake2b(repr(parts).encode(), digest_size=8).digest(), "little")


def uniform(stream: int, cells: Seconds) -> Floats:
    """One number in [0, 1) for each cell (SplitMix64 of the cell in the stream)."""
    mixed = (cells.astype(np.uint64) + np.uint64(1)) * _GOLDEN + np.uint64(stream)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * _MIX_1
    mixed = (mixed ^ (mixed >> np.uint64(27))) * _MIX_2
    mixed ^= mixed >> np.uint64(31)
    return (mixed >> np.uint64(11)).astype(np.float64) * 2.0**-53


def wander(stream: int, times: Seconds, step_seconds: int) -> Floats:
    """A line through a random number in [-1, 1) every ``step_seconds``: what a slow value does between its visits."""
    cells = times // step_seconds
    first = cells[0] if len(cells) else 0
    last = cells[-1] if len(cells) else 0
    knots = np.arange(first, last + 2, dtype=np.int64)
    return np.interp(times, knots * step_seconds, uniform(stream, knots) * 2.0 - 1.0)


def fraction(*parts: str | int) -> float:
    """One number in [0, 1) that stands for the parts."""
    return key(*parts) / 2.0**64


def between(low: float, high: float, *parts: str | int) -> float:
    """A number from low to high that stands for the parts."""
    return low + (high - low) * fraction(*parts)
