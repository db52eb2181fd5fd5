"""A rule: which series it judges, over which window, and at which limits."""

import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from pulsemon_schemas.rules.expression import needed_by, parse_expression
from pulsemon_schemas.rules.scope import Scope

LEVELS = ("info", "warning", "critical")
"""From the mildest to the worst."""

THRESHOLD, COMPOSITE, MISSING, ABSENCE, FLEET = "threshold", "composite", "missing", "absence", "fleet"
GROUP = "group"
KINDS = (THRESHOLD, COMPOSITE, MISSING, ABSENCE, FLEET, GROUP)
NUMBER, SHARE = "number", "share"
VALUES = (NUMBER, SHARE)
"""What is judged of the healthy servers of a group: how many they are, or which part of all."""
UNKNOWN, KEEP, OK, ALERT = "unknown", "keep", "ok", "alert"
NO_DATA = (UNKNOWN, KEEP, OK, ALERT)
"""What a series that is gone means: that nobody knows, that nothing changes, that all is well, or that it is bad."""
FUNCTIONS = ("last", "avg", "min", "max", "p50", "p95", "count", "delta", "rate", "time_to")
OPERATORS: Mapping[str, Callable[[float, float], bool]] = MappingProxyType(
    {">=": operator.ge, ">": operator.gt, "<=": operator.le, "<": operator.lt}
)
_STRONGER_WITH_TIME = frozenset({("max", True), ("min", False), ("count", True), ("delta", True)})


@dataclass(frozen=True, slots=True)
class Window:
    """How samples become the value that is judged. ``seconds`` is 0 for the last sample.

    ``is_counter`` is for delta and rate: a value that falls is a counter that began anew, and not a loss. ``target`` is
    for time_to: the value that is awaited. With a ``guard`` a rise is passed over that is at most so many times the
    largest at the same hour of the seven days before.
    """

    function: str = "last"
    seconds: float = 0.0
    is_counter: bool = False
    target: float = 0.0
    guard: float = 0.0


def grows_sure(window: Window, fires_above: bool) -> bool:
    """Whether samples still to come can only confirm that a limit is crossed, or the newest one alone decides."""
    return window.seconds == 0 or (window.function, fires_above) in _STRONGER_WITH_TIME


@dataclass(frozen=True, slots=True)
class Series:
    """Series by name and by labels that they must have, and how their samples become a value."""

    metric: str
    match: Mapping[str, str] = field(default_factory=dict)
    window: Window = field(default_factory=Window)


@dataclass(frozen=True, slots=True)
class Operand:
    """One condition of a composite. ``limits`` and ``recoveries`` are by level; not every level has one.

    ``over`` says how many of several series must cross the limit: any, all, or at_least ``count``. ``divide_by`` makes
    the value a ratio: that of the series by that of another one with the same labels, or the only one of its instance.
    """

    name: str
    series: Series
    operator: str = ">="
    limits: Mapping[str, float] = field(default_factory=dict)
    recoveries: Mapping[str, float] = field(default_factory=dict)
    over: str = "any"
    count: int = 1
    divide_by: Series | None = None

    @property
    def fires_above(self) -> bool:
        """Whether higher values are the worse ones."""
        return self.operator in {">=", ">"}

    @property
    def all_series(self) -> tuple[Series, ...]:
        """What it reads."""
        return (self.series,) if self.divide_by is None else (self.series, self.divide_by)


@dataclass(frozen=True, slots=True)
class Level:
    """When one level is entered and left. ``recovery`` None: as soon as the limit does not hold any more.

    For an absence, and for series that are missing, the limit is the silence in seconds, for a fleet the share of its
    servers that are silent. ``when`` is the expression of a composite; limit and recovery then are those of its lead.
    """

    name: str
    limit: float
    for_seconds: float = 0.0
    recovery: float | None = None
    keep_firing_seconds: float = 0.0
    when: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """One version of a rule. ``levels`` go from the mildest to the worst; a rule with none judges nothing.

    ``flapping``: an alert that comes and goes is one alert, until it is steady again.

    Of the rules of one ``family`` that cover a series only the one with the narrowest scope judges it. ``version`` is
    the offset of the rule in the control log, -1 if it comes from a file. A fleet rule judges each environment in its
    scope that has ``min_servers``. A group rule judges how many servers in its scope have one of the ``healthy``
    statuses, once for each combination of what the servers have as the attributes or labels in ``by``.

    A composite judges its ``operands`` together, once for each combination of values that the labels in ``by`` have.
    Metric, match, window and operator then are those of its ``lead``, the operand whose value its events have. A rule
    about what is missing looks for each combination of these values that it once saw, or without ``by`` for any series.
    """

    id: str
    kind: str = THRESHOLD
    family: str = ""
    metric: str = ""
    match: Mapping[str, str] = field(default_factory=dict)
    window: Window = field(default_factory=Window)
    operator: str = ">="
    levels: tuple[Level, ...] = ()
    operands: tuple[Operand, ...] = ()
    lead: str = ""
    by: tuple[str, ...] = ()
    no_data: str = UNKNOWN
    flapping: bool = True
    stale_seconds: float = 0.0
    min_servers: int = 0
    value: str = NUMBER
    healthy: tuple[str, ...] = ()
    scope: Scope = field(default_factory=Scope)
    enabled: bool = True
    summary: str = ""
    runbook: str = ""
    owner: str = ""
    version: int = -1
    author: str = ""

    @property
    def fires_above(self) -> bool:
        """Whether higher values are the worse ones."""
        return self.operator in {">=", ">"}

    @property
    def needs_full_window(self) -> bool:
        """False if samples still to come can only confirm that a limit is crossed."""
        return not grows_sure(self.window, self.fires_above)

    @property
    def all_series(self) -> tuple[Series, ...]:
        """The series that it judges; none for an absence, or across servers."""
        if self.kind == COMPOSITE:
            return tuple(one for operand in self.operands for one in operand.all_series)
        return (Series(self.metric, self.match, self.window),) if self.metric else ()

    def is_beyond(self, value: float, limit: float) -> bool:
        """Whether a value crosses a limit."""
        return OPERATORS[self.operator](value, limit)

    def is_recovered(self, value: float, level: Level) -> bool:
        """Whether a value is evidence that a level is over."""
        if self.is_beyond(value, level.limit):
            return False
        if level.recovery is None:
            return True
        return value <= level.recovery if self.fires_above else value >= level.recovery

    def is_calmer(self, value: float, other: float) -> bool:
        """Whether a value is farther from being bad than another one."""
        return value < other if self.fires_above else value > other

    def calm_value(self, limit: float) -> float:
        """The value nearest to a limit that does not cross it."""
        if self.operator == ">=":
            return math.nextafter(limit, -math.inf)
        if self.operator == "<=":
            return math.nextafter(limit, math.inf)
        return limit

    def lead_decides(self, level: Level) -> bool:
        """Whether a level cannot hold where the value of its events does not cross the limit."""
        return not level.when or self.lead in needed_by(parse_expression(level.when))

    def level(self, name: str) -> Level | None:
        """The level of this name, if the rule has it."""
        return next((level for level in self.levels if level.name == name), None)
