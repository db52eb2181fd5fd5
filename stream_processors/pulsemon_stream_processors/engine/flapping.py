"""Whether an alert that comes and goes is one that flaps: by its changes, of which the newer ones weigh more.

The measure is that of Nagios: twenty changes of full weight are a hundred percent, it begins at 30 and is over at 15,
and a change weighs from 0.8, when it is about to be forgotten, to 1.2. Here they are forgotten with time, and not with
the number of checks, because samples come at any pace.
"""

import math
from collections.abc import Iterable

WINDOW_MS = 3_600_000
MAX_FLIPS = 20
ENTER, LEAVE = 0.30, 0.15
OLDEST_WEIGHT, NEWEST_WEIGHT = 0.8, 1.2


Flip = tuple[int, float]
"""When an alert began to fire or recovered, and the value at which it did."""


def noted(flips: tuple[Flip, ...], at_ms: int, value: float) -> tuple[Flip, ...]:
    """The changes with one more; those that are too old to count leave."""
    return (*(one for one in flips if at_ms - one[0] < WINDOW_MS), (at_ms, value))[-MAX_FLIPS:]


def share(flips: tuple[Flip, ...], at_ms: int) -> float:
    """How much an alert flaps at a time, from 0 to 1.2."""
    spread = NEWEST_WEIGHT - OLDEST_WEIGHT
    ages = (max(0, at_ms - one) / WINDOW_MS for one, _ in flips)
    return sum(NEWEST_WEIGHT - spread * age for age in ages if age < 1) / MAX_FLIPS


def recovery_beyond(values: Iterable[float], *, fires_above: bool) -> float:
    """The recovery value nearest to the limit that none of the values reaches."""
    return math.nextafter(min(values), -math.inf) if fires_above else math.nextafter(max(values), math.inf)
