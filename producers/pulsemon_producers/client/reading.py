"""What an instrument says at a tick."""

from typing import NamedTuple

Labels = tuple[tuple[str, str], ...]
"""Keys and values, sorted by key."""


class Reading(NamedTuple):
    """One value: the instrument's own name and labels are put before ``suffix`` and ``extra``."""

    suffix: str
    extra: Labels
    value: float


class Sample(NamedTuple):
    """One value with its whole name and canonical labels. Sorts as the wire wants it."""

    name: str
    labels: str
    value: float


class Told(NamedTuple):
    """An event that has not been sent."""

    kind: str
    text: str
    labels: Labels
    occurred_at_ms: int
