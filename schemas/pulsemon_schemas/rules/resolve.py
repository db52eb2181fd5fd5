"""Which of several rules judges a series: the narrowest scope wins, and among equals the lower id."""

from collections.abc import Iterable, Mapping

from pulsemon_schemas.rules.rule import ABSENCE, COMPOSITE, FLEET, MISSING, THRESHOLD, Rule
from pulsemon_schemas.rules.scope import ServerProfile, is_subset

OF_SERIES = frozenset({THRESHOLD, COMPOSITE, MISSING})
"""Kinds of rules that compete for series."""


def by_rank(rules: Iterable[Rule]) -> list[Rule]:
    """The rules with the one that wins against all others first."""
    return sorted(rules, key=lambda rule: (-rule.scope.precedence, rule.id))


def covers(rule: Rule, server: ServerProfile, metric: str, labels: Mapping[str, str]) -> bool:
    """Whether an enabled rule about series is for this one."""
    return (
        rule.enabled
        and rule.kind in OF_SERIES
        and _is_about(rule, metric, labels)
        and rule.scope.covers_server(server)
        and rule.scope.covers_series(labels)
    )


def _is_about(rule: Rule, metric: str, labels: Mapping[str, str]) -> bool:
    if rule.kind != COMPOSITE:
        return rule.metric == metric and is_subset(rule.match, labels)
    return any(one.metric == metric and is_subset(one.match, labels) for one in rule.all_series)


def effective(ranked: Iterable[Rule], server: ServerProfile, metric: str, labels: Mapping[str, str]) -> dict[str, Rule]:
    """The rule of each family that judges a series, of rules that ``by_rank`` has put in order."""
    found: dict[str, Rule] = {}
    for rule in ranked:
        if rule.family not in found and covers(rule, server, metric, labels):
            found[rule.family] = rule
    return found


def effective_absence(ranked: Iterable[Rule], server: ServerProfile) -> Rule | None:
    """The rule that judges a server's silence, of rules that ``by_rank`` has put in order."""
    candidates = (rule for rule in ranked if rule.enabled and rule.kind == ABSENCE and rule.scope.covers_server(server))
    return next(candidates, None)


def effective_fleet(ranked: Iterable[Rule], environment: str) -> Rule | None:
    """The rule that judges how much of an environment is silent, of rules that ``by_rank`` has put in order."""
    place = ServerProfile("", environment=environment)
    candidates = (rule for rule in ranked if rule.enabled and rule.kind == FLEET and rule.scope.covers_server(place))
    return next(candidates, None)


def ties(rules: Iterable[Rule], new: Rule) -> tuple[str, ...]:
    """Ids of the rules that only their id sets apart from a new one, where both cover a series: told at save."""
    return tuple(
        sorted(
            rule.id
            for rule in rules
            if rule.id != new.id
            and (rule.kind, rule.family, rule.metric, rule.scope) == (new.kind, new.family, new.metric, new.scope)
            and all(new.match.get(key, value) == value for key, value in rule.match.items())
        )
    )
