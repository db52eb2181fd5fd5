"""From what single rounds measured to figures with a spread."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Measurement:
    """One value of one round."""

    value: float
    unit: str


@dataclass(frozen=True, slots=True)
class Figure:
    """The median of all rounds, with the lowest and the highest."""

    value: float
    unit: str
    low: float
    high: float

    def as_json(self) -> dict[str, Any]:
        """With four significant digits: a measurement has no more."""
        return {
            "value": _rounded(self.value),
            "unit": self.unit,
            "low": _rounded(self.low),
            "high": _rounded(self.high),
        }


def figures(rounds: Sequence[Mapping[str, Measurement]]) -> dict[str, Figure]:
    """A figure for every key that any round measured, in order of appearance."""
    keys = dict.fromkeys(key for one in rounds for key in one)
    return {key: _figure([one[key] for one in rounds if key in one]) for key in keys}


def _figure(found: Sequence[Measurement]) -> Figure:
    values = [one.value for one in found]
    return Figure(statistics.median(values), found[0].unit, min(values), max(values))


def _rounded(value: float) -> float:
    return float(f"{value:.4g}")
