"""Which rule judges a series of a server, and why the others do not. Answered by the rule language itself."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pulsemon_schemas.control import SERVER
from pulsemon_schemas.rules import Rule, RuleError, ServerProfile, parse_profile, parse_rule
from pulsemon_schemas.rules.resolve import OF_SERIES, by_rank, covers
from pulsemon_schemas.rules.rule import ABSENCE
from pulsemon_schemas.rules.scope import scope_body

from pulsemon_producers.gateway.control.configuration import Configuration, Held
from pulsemon_producers.gateway.control.kinds.rules import RULE


@dataclass(frozen=True, slots=True)
class Series:
    """What is asked about. Without a metric it is the silence of the server as a whole."""

    server_id: str
    metric: str
    labels: Mapping[str, str]


class RuleBook:
    """The rules in force, each read once, with the one that wins against all others first."""

    def __init__(self, configuration: Configuration) -> None:
        self._configuration = configuration
        self._read: dict[str, tuple[int, Rule | RuleError]] = {}
        self._revision = -2
        self._ranked: list[Rule] = []

    def ranked(self) -> list[Rule]:
        """In order."""
        self._refresh()
        return self._ranked

    def unreadable(self) -> dict[str, RuleError]:
        """Those that judge nothing, because their body is none."""
        self._refresh()
        return {rule_id: read for rule_id, (_, read) in self._read.items() if isinstance(read, RuleError)}

    def _refresh(self) -> None:
        revision = self._configuration.revision(RULE)
        if revision == self._revision:
            return
        self._revision = revision
        self._read = {rule_id: self._once(held) for rule_id, held in self._configuration.entities(RULE).items()}
        self._ranked = by_rank(read for _, read in self._read.values() if isinstance(read, Rule))

    def _once(self, held: Held) -> tuple[int, Rule | RuleError]:
        known = self._read.get(held.entity_id)
        if known is not None and known[0] == held.version:
            return known
        try:
            return held.version, parse_rule(held.entity_id, held.body, held.version, held.author)
        except RuleError as error:
            return held.version, error


class Explanation:
    """Answers from one configuration."""

    def __init__(self, configuration: Configuration) -> None:
        self._configuration = configuration
        self._book = RuleBook(configuration)

    def of(self, series: Series) -> dict[str, Any]:
        """The server as rules see it, the rule of each family that judges, and all candidates in order."""
        server = self._profile(series.server_id)
        effective: dict[str, str] = {}
        candidates = []
        for rule in self._book.ranked():
            if not _is_about(rule, series):
                continue
            why = _why_not(rule, server, series)
            if not why and (winner := effective.get(rule.family)) is not None:
                why = (
                    f"{winner} has the narrower scope, or the same and the lower id: it judges the family {rule.family}"
                )
            if not why:
                effective[rule.family] = rule.id
            candidates.append(_candidate(rule, why))
        return {
            "server": _shown(server),
            "metric": series.metric,
            "labels": dict(series.labels),
            "effective": effective,
            "candidates": candidates,
            "unreadable": [
                {"rule_id": rule_id, "problems": list(error.problems)}
                for rule_id, error in sorted(self._book.unreadable().items())
            ],
            "control_offset": self._configuration.offset,
        }

    def _profile(self, server_id: str) -> ServerProfile:
        held = self._configuration.entities(SERVER).get(server_id)
        return parse_profile(server_id, held.body) if held is not None else ServerProfile(server_id)


def _is_about(rule: Rule, series: Series) -> bool:
    if series.metric:
        return rule.kind in OF_SERIES and series.metric in {one.metric for one in rule.all_series}
    return rule.kind == ABSENCE


def _why_not(rule: Rule, server: ServerProfile, series: Series) -> str:
    """Why a rule is not for the series, whatever others there are; "" if it is."""
    if not rule.enabled:
        return "it is disabled"
    if server.is_retired:
        return "the server is retired: nothing of it is judged"
    if not rule.scope.covers_server(server):
        return f"the server is not in its scope, {_scope_text(rule)}"
    if rule.kind == ABSENCE:
        return ""
    if not rule.scope.covers_series(series.labels):
        return f"the labels are not those of its scope, {_scope_text(rule)}"
    if not covers(rule, server, series.metric, series.labels):
        wanted = [_pairs(one.match) for one in rule.all_series if one.metric == series.metric]
        return f"it is for series with {' or '.join(wanted)}"
    return ""


def _candidate(rule: Rule, why: str) -> dict[str, Any]:
    return {
        "rule_id": rule.id,
        "version": rule.version,
        "author": rule.author,
        "family": rule.family,
        "scope": scope_body(rule.scope),
        "levels": {level.name: level.limit if math.isfinite(level.limit) else None for level in rule.levels},
        "judges": not why,
        "why": why or "the narrowest scope that covers it, among equals the lowest id",
    }


def _shown(server: ServerProfile) -> dict[str, Any]:
    return {
        "id": server.server_id,
        "environment": server.environment,
        "region": server.region,
        "role": server.role,
        "labels": dict(server.labels),
        "registered": server.is_registered,
        "retired": server.is_retired,
    }


def _scope_text(rule: Rule) -> str:
    scope = rule.scope
    parts = [part for part in (scope.value, _pairs(scope.labels)) if part]
    return f"{scope.kind} {' '.join(parts)}".strip()


def _pairs(labels: Mapping[str, str]) -> str:
    return ",".join(f"{key}={value}" for key, value in sorted(labels.items()))
