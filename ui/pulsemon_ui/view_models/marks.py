"""What stands in a panel besides its values: the limits that judge them, and where alerts began."""

from collections.abc import Sequence
from dataclasses import dataclass

from pulsemon_schemas.rules import Rule, ServerProfile, effective
from pulsemon_schemas.rules.resolve import by_rank
from pulsemon_sinks.reader.alerts import Transition
from pulsemon_sinks.reader.servers import Server

from pulsemon_ui.view_models.metrics import Measure

LEVELS = ("warning", "critical")
_SAME_UNIT = ("last", "avg", "min", "max")
MOST_STARTS = 12


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit in the metric's own unit. ``is_crossed``: an alert about it is open."""

    level: str
    value: float
    fires_above: bool
    is_crossed: bool


@dataclass(frozen=True, slots=True)
class Start:
    """When an alert began, epoch milliseconds."""

    level: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class Marks:
    """The marks of one panel."""

    limits: tuple[Limit, ...] = ()
    starts: tuple[Start, ...] = ()


def marks_of(
    measures: Sequence[Measure], server: Server, rules: Sequence[Rule], alerts: Sequence[Transition]
) -> tuple[Marks, ...]:
    """The marks of each measure. ``rules``: all in force; ``alerts``: of this server, newest first, ended ones too."""
    profile = ServerProfile(
        server.server_id, server.environment, server.region, server.role, server.labels, server.is_registered
    )
    ranked = by_rank(rules)
    return tuple(_marks(measure, profile, ranked, alerts) for measure in measures)


def _marks(measure: Measure, profile: ServerProfile, ranked: Sequence[Rule], alerts: Sequence[Transition]) -> Marks:
    about = [alert for alert in alerts if alert.level in LEVELS and _is_about(alert, measure)]
    crossed = {(alert.rule_id, alert.level) for alert in about if alert.is_open}
    labels = dict(label.partition("=")[::2] for label in measure.choice.having)
    limits = [
        Limit(level.name, level.limit, rule.fires_above, (rule.id, level.name) in crossed)
        for rule in effective(ranked, profile, measure.choice.metric, labels).values()
        if _is_of(rule, measure) and _is_comparable(rule.window.function, measure)
        for level in rule.levels
        if level.name in LEVELS
    ]
    starts = tuple(Start(alert.level, alert.started_at_ms) for alert in about[:MOST_STARTS])
    return Marks(tuple(dict.fromkeys(limits)), starts)


def _is_about(alert: Transition, measure: Measure) -> bool:
    labels = alert.labels.split(",")
    choice = measure.choice
    return (
        alert.metric == choice.metric
        and all(label in labels for label in choice.having)
        and not any(label in labels for label in choice.without)
    )


def _is_of(rule: Rule, measure: Measure) -> bool:
    """The limits of a composite are those of its lead, and of a ratio where that is divided by another series."""
    return rule.metric == measure.choice.metric and not any(
        one.divide_by is not None for one in rule.operands if one.name == rule.lead
    )


def _is_comparable(function: str, measure: Measure) -> bool:
    """A sum over several series is judged by no limit: those are for each."""
    choice = measure.choice
    if choice.is_counter:
        return function == "rate"
    return choice.combine == "max" and function in _SAME_UNIT
