"""What is wrong with the points of a collector: pure rules over its ticks."""

import math
import re
from collections.abc import Iterator, Sequence
from typing import Any

from pulsemon_schemas.labels import canonical, parse

from pulsemon_producers.collectors.base import Kind, Point
from pulsemon_producers.custom.points import problem_with

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z0-9_]+)*")
Series = tuple[str, str]


class Examined:
    """The points of one collector, tick by tick; what is wrong is told once for each series."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._kinds: dict[str, Kind] = {}
        self._totals: dict[Series, float] = {}
        self._told: set[str] = set()

    def findings(self, number: int, points: Sequence[Any]) -> list[str]:
        """What is new about the points of tick ``number``."""
        found: list[str] = []
        seen: set[Series] = set()
        for point in points:
            for finding in self._about(number, point, seen):
                if finding not in self._told:
                    self._told.add(finding)
                    found.append(finding)
        return found

    def _about(self, number: int, point: Any, seen: set[Series]) -> Iterator[str]:
        if problem := problem_with(point):
            yield problem
            return
        shown = f"{point.name}{{{point.labels}}}"
        yield from self._about_name(point)
        yield from _about_labels(shown, point.labels)
        if not math.isfinite(point.value):
            yield f"{shown} has the value {point.value!r}: leave a point out when there is no number"
        elif point.kind is Kind.COUNTER:
            yield from self._about_total(number, shown, point)
        key = (point.name, point.labels)
        if key in seen:
            yield f"{shown} comes twice in one tick: give each its own labels"
        seen.add(key)

    def _about_name(self, point: Point) -> Iterator[str]:
        if not point.name.startswith(self._prefix):
            yield f"the name {point.name} does not begin with {self._prefix}"
        elif NAME.fullmatch(point.name) is None:
            yield f"the name {point.name!r}: use letters, digits and _ between dots"
        kind = self._kinds.setdefault(point.name, point.kind)
        if kind is not point.kind:
            yield f"{point.name} is a {kind} and a {point.kind}: one name has one kind"

    def _about_total(self, number: int, shown: str, point: Point) -> Iterator[str]:
        last = self._totals.get((point.name, point.labels))
        self._totals[point.name, point.labels] = point.value
        if last is not None and point.value < last:
            yield f"the counter {shown} fell from {last:g} to {point.value:g} at tick {number}: it must only grow"


def _about_labels(shown: str, labels: str) -> Iterator[str]:
    try:
        if canonical(parse(labels)) != labels:
            yield f"the labels of {shown} are not in their canonical order: let label_text() write them"
    except ValueError as error:
        yield f"the labels of {shown} cannot be read ({error}): let label_text() write them"
