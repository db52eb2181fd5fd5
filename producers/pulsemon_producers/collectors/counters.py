"""From two readings of growing totals to what happened in between."""

from collections.abc import Mapping
from dataclasses import dataclass

BITS_32 = 1 << 32

Totals = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Reading:
    """The totals of every item (a device, an interface) at one moment of the monotonic clock."""

    at_seconds: float
    boot_id: str
    items: Mapping[str, Totals]


@dataclass(frozen=True, slots=True)
class Change:
    """What the totals of one item grew by, in ``seconds``."""

    seconds: float
    growth: Totals

    def rate(self, name: str) -> float:
        """Growth a second."""
        return self.growth[name] / self.seconds


def changes(previous: Reading | None, current: Reading) -> dict[str, Change]:
    """The change of every item that two readings of one boot can tell.

    Left out: items seen for the first time (a new or returned device), and items of which any total fell; that is
    refused, and counted, where the total itself is sent.
    """
    if previous is None or previous.boot_id != current.boot_id or current.at_seconds <= previous.at_seconds:
        return {}
    seconds = current.at_seconds - previous.at_seconds
    found: dict[str, Change] = {}
    for item, totals in current.items.items():
        before = previous.items.get(item)
        if before is not None and all(totals[name] >= before.get(name, 0) for name in totals):
            found[item] = Change(seconds, {name: totals[name] - before.get(name, 0) for name in totals})
    return found


class Unwrap:
    """Totals that the kernel counts in 32 bits (a disk's milliseconds last for 50 busy days) as ones that do not wrap.

    A fall from the last quarter of the range into the first is a wrap; any other fall is passed on as it is.
    """

    def __init__(self) -> None:
        self._last: dict[str, int] = {}
        self._wraps: dict[str, int] = {}

    def total(self, key: str, value: int) -> int:
        """The total of ``key``, whose counter now shows ``value``."""
        last = self._last.get(key, 0)
        if value < BITS_32 // 4 and BITS_32 * 3 // 4 <= last < BITS_32:
            self._wraps[key] = self._wraps.get(key, 0) + 1
        elif value < last:
            self._wraps.pop(key, None)
        self._last[key] = value
        return value + self._wraps.get(key, 0) * BITS_32

    def keep(self, keys: set[str]) -> None:
        """Forgets all other keys: their devices are gone."""
        self._last = {key: value for key, value in self._last.items() if key in keys}
        self._wraps = {key: value for key, value in self._wraps.items() if key in keys}
