"""Rules: when something is wrong with a server."""

from collections.abc import Mapping
from typing import Any

from pulsemon_schemas.rules import parse_rule, rule_body
from pulsemon_schemas.rules.rule import KINDS, LEVELS
from pulsemon_schemas.tokens import WRITE_RULES

from pulsemon_producers.gateway.control.configuration import Held
from pulsemon_producers.gateway.control.filters import Filter
from pulsemon_producers.gateway.control.kind import EntityKind, is_plain_id
from pulsemon_producers.gateway.control.kinds.scope_schema import SCOPE_SCHEMA
from pulsemon_producers.gateway.control.listing import searched

RULE = "rule"
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
    is_id=lambda entity_id: entity_id != EXPLAIN and is_plain_id(entity_id),
)


def _texts(held: Held) -> list[str]:
    return [str(held.body.get(field, "")) for field in ("metric", "summary", "owner")]
