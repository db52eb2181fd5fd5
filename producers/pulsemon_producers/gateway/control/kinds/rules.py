"""Rules: when something is wrong with a server."""

from collections.abc import Mapping
from typing import Any

from pulsemon_schemas.catalogue import METRICS
from pulsemon_schemas.rules import Rule, RuleError, parse_rule, rule_body, ties
from pulsemon_schemas.rules.rule import KINDS, LEVELS
from pulsemon_schemas.tokens import WRITE_RULES

from pulsemon_producers.gateway.control.configuration import Held
from pulsemon_producers.gateway.control.filters import Filter
from pulsemon_producers.gateway.control.kind import EntityKind, is_plain_id
from pulsemon_producers.gateway.control.kinds.scope_schema import SCOPE_SCHEMA
from pulsemon_producers.gateway.control.listing import searched

RULE = "rule"
KNOWN = frozenset(one.name for one in METRICS)
_LEVEL = {
    "type": "object",
    "properties": {
        "limit": {"type": "number"},
        "recovery": {"type": "number"},
        "for_seconds": {"type": "number", "minimum": 0},
        "keep_firing_seconds": {"type": "number", "minimum": 0},
    },
}
BODY_SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "description": "The fields of a rule, as docs/rules.md has them; what is usual may be left out.",
    "properties": {
        "kind": {"type": "string", "enum": list(KINDS)},
        "metric": {"type": "string"},
        "scope": SCOPE_SCHEMA,
        "levels": {"type": "object", "properties": dict.fromkeys(LEVELS, _LEVEL)},
        "enabled": {"type": "boolean"},
        "summary": {"type": "string"},
        "runbook": {"type": "string"},
        "owner": {"type": "string"},
    },
}


def check(entity_id: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
    """As ``kind.Check``: the whole rule, with what is usual written out."""
    return rule_body(parse_rule(entity_id, body))


def remarks(held: Held, others: Mapping[str, Held]) -> list[str]:
    """Metrics that nobody may send, and rules that only the id sets apart from this one."""
    rule = parse_rule(held.entity_id, held.body)
    found = [
        f"the catalogue has no metric {series.metric}; the rule waits for somebody to send it"
        for series in rule.all_series
        if series.metric not in KNOWN
    ]
    for other in ties(filter(None, map(_read, others.values())), rule):
        first = min(other, rule.id)
        found.append(f"{other} has the same scope and metric; where both cover a series {first} judges it")
    return found


def _read(held: Held) -> Rule | None:
    try:
        return parse_rule(held.entity_id, held.body)
    except RuleError:
        return None


def _equals(field: str) -> Filter[Held]:
    return Filter(f"Only those with this {field}.", lambda held, value: held.body.get(field) == value)


EXPLAIN = "explain"
"""The address of a question about rules: none is called so."""

KIND = EntityKind(
    entity_type=RULE,
    path="rules",
    noun="rule",
    write_scope=WRITE_RULES,
    body_schema=BODY_SCHEMA,
    check=check,
    filters={
        "metric": _equals("metric"),
        "kind": _equals("kind"),
        "owner": _equals("owner"),
        "enabled": Filter(
            "true or false.", lambda held, value: value == ("true" if held.body.get("enabled", True) else "false")
        ),
        "q": searched(lambda held: _texts(held)),
    },
    remarks=remarks,
    is_id=lambda entity_id: entity_id != EXPLAIN and is_plain_id(entity_id),
)


def _texts(held: Held) -> list[str]:
    return [str(held.body.get(field, "")) for field in ("metric", "summary", "owner")]
