"""Lines that break where data are missing, and only there."""

from collections.abc import Sequence

# A series is sent every 10 s, every 60 s or more rarely. Neighbours that far apart belong together; further is a gap.
TOLERANCE = 2.5


def bridged(values: Sequence[float | None], least: float = 1.0) -> list[float | None]:
    """The values with the empty buckets between neighbouring samples filled in on a straight line.

    A run of empty buckets is a gap, and stays empty, when it is longer than TOLERANCE times the distance of the samples
    before it and of those after it. ``least``: how many buckets apart samples are expected, where it is known.
    """
    known = [index for index, value in enumerate(values) if value is not None]
    filled = list(values)
    for place in range(len(known) - 1):
        first, last = known[place], known[place + 1]
        if last - first > 1 and last - first <= TOLERANCE * max(least, _usual(known, place)):
            _fill(filled, first, last)
    return filled


def alone(values: Sequence[float | None]) -> list[int]:
    """The places of values with none beside them: a line does not show them."""
    padded = [None, *values, None]
    return [
        place
        for place, value in enumerate(values)
        if value is not None and padded[place] is None and padded[place + 2] is None
    ]


def _usual(known: list[int], place: int) -> int:
    """The larger of the distances next to the one from ``place``; one bucket where there is no other."""
    before = known[place] - known[place - 1] if place > 0 else 0
    after = known[place + 2] - known[place + 1] if place + 2 < len(known) else 0
    return max(before, after) or 1


def _fill(filled: list[float | None], first: int, last: int) -> None:
    start, end = filled[first], filled[last]
    if start is not None and end is not None:
        for index in range(first + 1, last):
            filled[index] = start + (end - start) * (index - first) / (last - first)
