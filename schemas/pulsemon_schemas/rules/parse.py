"""The JSON body of a rule to the rule and back."""

import math
from collections.abc import Callable, Mapping
from typing import Any

from pulsemon_schemas.rules.composite import composite_body, read_composite
from pulsemon_schemas.rules.fields import Fields, RuleError
from pulsemon_schemas.rules.level import read_times, times_body
from pulsemon_schemas.rules.rule import (
    ABSENCE,
    COMPOSITE,
    FLEET,
    GROUP,
    KINDS,
    LEVELS,
    MISSING,
    NO_DATA,
    OPERATORS,
    THRESHOLD,
    UNKNOWN,
    VALUES,
    Level,
    Rule,
)
from pulsemon_schemas.rules.scope import read_scope, scope_body
from pulsemon_schemas.rules.series import read_window, window_body
from pulsemon_schemas.rules.status import STATUSES

TEXTS = ("summary", "runbook", "owner")
ABSENCE_FAMILY, FLEET_FAMILY = "absence", "fleet"
HEALTHY = ("ok", "warning")
"""Statuses of servers that do their work."""
MIN_SERVERS = 3
"""With fewer servers a part of them says little about the whole."""


def parse_rule(rule_id: str, body: Mapping[str, Any], version: int = -1, author: str = "") -> Rule:
    """The rule in a body. Raises RuleError with everything that is wrong with it."""
    problems: list[str] = []
    if not rule_id:
        problems.append("id: must not be empty")
    fields = Fields(body, problems)
    kind = fields.choice("kind", KINDS, THRESHOLD)
    read = READERS[kind]
    rule = Rule(
        id=rule_id,
        kind=kind,
        scope=read_scope(fields.nested("scope")),
        enabled=fields.boolean("enabled", True),
        version=version,
        author=author,
        summary=fields.text("summary"),
        runbook=fields.text("runbook"),
        owner=fields.text("owner"),
        **read(fields, rule_id),
    )
    if kind == ABSENCE and rule.scope.kind == "instance":
        fields.problem("scope", "a server is silent as a whole: the narrowest scope of an absence is a server")
    if kind == GROUP and rule.scope.kind in {"server", "instance"}:
        fields.problem("scope", "a group has several servers: its narrowest scope are labels")
    if kind == FLEET and rule.scope.kind not in {"global", "environment"}:
        fields.problem("scope", "a fleet rule is for all environments, or for one")
    if kind in {COMPOSITE, MISSING} and rule.scope.kind == "instance" and not set(rule.scope.labels) <= set(rule.by):
        fields.problem("scope", "the labels of an instance must be among those in by")
    fields.unasked()
    if problems:
        raise RuleError(f"rule {rule_id!r}", problems)
    return rule


def rule_body(rule: Rule) -> dict[str, Any]:
    """The body that ``parse_rule`` reads as the same rule, without what is usual."""
    body: dict[str, Any] = {"kind": rule.kind, "scope": scope_body(rule.scope), "enabled": rule.enabled}
    body |= {name: getattr(rule, name) for name in TEXTS if getattr(rule, name)}
    body |= {"levels": {level.name: _level_body(level) for level in rule.levels}, "family": rule.family}
    if rule.no_data != UNKNOWN:
        body |= {"no_data": rule.no_data}
    if not rule.flapping:
        body |= {"flapping": False}
    if rule.kind == COMPOSITE:
        return body | composite_body(rule)
    if rule.kind == MISSING:
        return body | {"metric": rule.metric, "match": dict(rule.match), "by": list(rule.by)}
    if rule.kind == ABSENCE:
        return body | {"stale_seconds": rule.stale_seconds}
    if rule.kind == FLEET:
        return body | {"min_servers": rule.min_servers}
    if rule.kind == GROUP:
        names = ("operator", "min_servers", "value")
        return (
            body | {name: getattr(rule, name) for name in names} | {"by": list(rule.by), "healthy": list(rule.healthy)}
        )
    return body | {
        "metric": rule.metric,
        "match": dict(rule.match),
        "operator": rule.operator,
        "window": window_body(rule.window),
    }


def _threshold(fields: Fields, _rule_id: str) -> dict[str, Any]:
    metric_name = fields.text("metric", None)
    sign = fields.choice("operator", tuple(OPERATORS), ">=")
    return {
        "metric": metric_name,
        "family": fields.text("family", metric_name),
        "match": fields.texts("match"),
        "window": read_window(fields.nested("window"), metric_name),
        "operator": sign,
        "levels": _levels(fields.nested("levels"), 1 if sign in {">=", ">"} else -1),
        "no_data": fields.choice("no_data", NO_DATA, UNKNOWN),
        "flapping": fields.boolean("flapping", True),
    }


def _missing(fields: Fields, _rule_id: str) -> dict[str, Any]:
    metric_name = fields.text("metric", None)
    return {
        "metric": metric_name,
        "family": fields.text("family", f"missing {metric_name}"),
        "match": fields.texts("match"),
        "by": tuple(dict.fromkeys(fields.text_list("by"))),
        "levels": _silences(fields.nested("levels")),
    }


def _absence(fields: Fields, _rule_id: str) -> dict[str, Any]:
    stale_seconds = fields.number("stale_seconds", 30.0, minimum=1.0)
    levels = _silences(fields.nested("levels"))
    if levels and levels[0].limit < stale_seconds:
        fields.problem("stale_seconds", f"must not be beyond the first limit, {levels[0].limit:g}")
    family = fields.text("family", ABSENCE_FAMILY)
    return {"family": family, "stale_seconds": stale_seconds, "levels": levels}


def _silences(fields: Fields) -> tuple[Level, ...]:
    """Levels whose limits are seconds without a sign of life."""
    levels = []
    for name in LEVELS:
        if fields.has(name):
            one = fields.nested(name)
            levels.append(Level(name, one.number("limit", None, minimum=1.0)))
            one.unasked()
    fields.unasked()
    _check_order(fields, levels, 1)
    return tuple(levels)


def _fleet(fields: Fields, _rule_id: str) -> dict[str, Any]:
    levels = _levels(fields.nested("levels"), 1)
    for level in levels:
        if not 0.0 <= level.limit < 1.0:
            fields.problem(
                f"levels.{level.name}.limit", f"is a share of the servers, 0 to below 1, not {level.limit:g}"
            )
    return {
        "family": fields.text("family", FLEET_FAMILY),
        "operator": ">",
        "min_servers": int(fields.number("min_servers", MIN_SERVERS, minimum=1.0)),
        "levels": levels,
    }


def _group(fields: Fields, rule_id: str) -> dict[str, Any]:
    sign = fields.choice("operator", tuple(OPERATORS), "<")
    healthy = tuple(dict.fromkeys(fields.text_list("healthy"))) or HEALTHY
    for status in healthy:
        if status not in STATUSES:
            fields.problem("healthy", f"must be of {', '.join(STATUSES)}, is {status!r}")
    return {
        "family": fields.text("family", rule_id),
        "operator": sign,
        "by": tuple(dict.fromkeys(fields.text_list("by"))),
        "min_servers": int(fields.number("min_servers", 1.0, minimum=1.0)),
        "value": fields.choice("value", VALUES, VALUES[0]),
        "healthy": healthy,
        "levels": _levels(fields.nested("levels"), 1 if sign in {">=", ">"} else -1),
    }


def _levels(fields: Fields, sign: int) -> tuple[Level, ...]:
    levels = [_level(name, fields.nested(name), sign) for name in LEVELS if fields.has(name)]
    fields.unasked()
    _check_order(fields, levels, sign)
    return tuple(levels)


def _level(name: str, fields: Fields, sign: int) -> Level:
    limit = fields.number("limit", None)
    recovery = fields.number("recovery", None) if fields.has("recovery") else None
    if recovery is not None and sign * recovery > sign * limit:
        fields.problem("recovery", f"{recovery:g} must not be beyond the limit {limit:g}")
    for_seconds, keep_firing_seconds = read_times(fields)
    fields.unasked()
    return Level(name, limit, for_seconds, recovery, keep_firing_seconds)


def _check_order(fields: Fields, levels: list[Level], sign: int) -> None:
    mildest = -math.inf
    for level in levels:
        if sign * level.limit < mildest:
            fields.problem(level.name, f"the limit {level.limit:g} is milder than that of the level before")
        mildest = sign * level.limit


def _level_body(level: Level) -> dict[str, float]:
    recovery = {} if level.recovery is None else {"recovery": level.recovery}
    return {"limit": level.limit, **recovery, **times_body(level)}


READERS: Mapping[str, Callable[[Fields, str], dict[str, Any]]] = {
    THRESHOLD: _threshold,
    COMPOSITE: read_composite,
    MISSING: _missing,
    ABSENCE: _absence,
    FLEET: _fleet,
    GROUP: _group,
}
"""What reads the fields that only one kind has."""
