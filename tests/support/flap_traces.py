"""A day of a value in percent, a sample every ten seconds: near its limit of 85, below it, and healthy but once.

The two noises are as quick as those by which the policies of other systems were compared: judged by the last sample
alone they cross 85 about 2,160 and 640 times a day.
"""

import math
import random
from collections.abc import Callable, Iterator, Mapping

STEP_SECONDS = 10
POINTS = 86_400 // STEP_SECONDS
LIMIT = 85.0


def _wandering(chance: random.Random, mean: float, deviation: float, memory: float) -> Iterator[float]:
    """A value that goes back to its mean, and of which a share of ``memory`` stays from one sample to the next."""
    value = chance.gauss(0, deviation)
    fresh = deviation * math.sqrt(1 - memory * memory)
    for _ in range(POINTS):
        yield min(100.0, max(0.0, mean + value))
        value = memory * value + chance.gauss(0, fresh)


def at_the_limit(chance: random.Random) -> tuple[float, ...]:
    """Above the limit half of the time."""
    return tuple(_wandering(chance, 85, 4, 0.707))


def below_the_limit(chance: random.Random) -> tuple[float, ...]:
    """Slowly up and down around 80."""
    return tuple(_wandering(chance, 80, 6.2, 0.949))


def one_incident(chance: random.Random) -> tuple[float, ...]:
    """Healthy, and once for half an hour not."""
    begins = chance.randrange(POINTS // 4, POINTS // 2)
    calm = _wandering(chance, 40, 5, 0.9)
    ill = _wandering(chance, 95, 1.5, 0.9)
    return tuple(
        bad if begins <= at < begins + 180 else good for at, (good, bad) in enumerate(zip(calm, ill, strict=True))
    )


KINDS: Mapping[str, Callable[[random.Random], tuple[float, ...]]] = {
    "at the limit": at_the_limit,
    "below the limit": below_the_limit,
    "one incident": one_incident,
}


def flap_trace(kind: str, seed: int) -> tuple[float, ...]:
    """The trace of a kind and a seed; the same ones make the same trace."""
    return KINDS[kind](random.Random(f"{kind} {seed}"))
