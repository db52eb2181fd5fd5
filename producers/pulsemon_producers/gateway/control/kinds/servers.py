"""Servers: what is said about them, and how they are."""

from collections.abc import Callable, Mapping
from typing import Any

from pulsemon_schemas.control import SERVER
from pulsemon_schemas.records import ServerState
from pulsemon_schemas.rules import STATUSES, RuleError
from pulsemon_schemas.rules.fields import Fields
from pulsemon_schemas.tokens import WRITE_CONTROL

from pulsemon_producers.gateway.control.configuration import Held
from pulsemon_producers.gateway.control.filters import Filter
from pulsemon_producers.gateway.control.kind import EntityKind
from pulsemon_producers.gateway.control.listing import searched
from pulsemon_producers.gateway.problems import NOT_READY, Problem

TEXTS = ("name", "environment", "region", "role")
MAX_CHARACTERS = 253
_TEXT = {"type": "string", "maxLength": MAX_CHARACTERS}
BODY_SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        **dict.fromkeys(TEXTS, _TEXT),
        "labels": {
            "type": "object",
            "propertyNames": {"minLength": 1, "maxLength": MAX_CHARACTERS},
            "additionalProperties": _TEXT,
        },
        "retired": {"type": "boolean", "description": "It is not watched any more; its history stays."},
    },
}
_TIME = {"type": "integer", "description": "Milliseconds since 1970, UTC; 0 for never."}
STATE_SCHEMA: Mapping[str, Any] = {
    "state": {
        "type": ["object", "null"],
        "description": "How it is, as the processor wrote it when that changed last; null before it wrote anything.",
        "required": ["status", "changed_at", "last_seen_at", "worst_level", "firing"],
        "properties": {
            "status": {"type": "string", "enum": list(STATUSES)},
            "changed_at": _TIME,
            "last_seen_at": _TIME,
            "worst_level": {"type": "string"},
            "firing": {"type": "object", "additionalProperties": {"type": "integer"}},
        },
    }
}

StateOf = Callable[[str], ServerState | None]


def check(entity_id: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
    """As ``kind.Check``."""
    problems: list[str] = []
    fields = Fields(body, problems)
    made: dict[str, Any] = {name: fields.text(name) for name in TEXTS}
    made["labels"] = fields.texts("labels")
    if fields.boolean("retired", False):
        made["retired"] = True
    fields.unasked()
    for name, text in {**{name: made[name] for name in TEXTS}, **made["labels"]}.items():
        if max(len(text), len(name)) > MAX_CHARACTERS:
            fields.problem(name[:MAX_CHARACTERS], f"has more than {MAX_CHARACTERS} characters")
    if problems:
        raise RuleError(f"server {entity_id!r}", problems)
    return made


def servers(state_of: StateOf, knows_states: Callable[[], bool]) -> EntityKind:
    """The kind; ``state_of`` knows how a server is, once it ``knows_states``."""

    def beside(held: Held) -> Mapping[str, Any]:
        return {"state": _shown(state_of(held.entity_id))}

    def has_status(held: Held, value: str) -> bool:
        if not knows_states():
            raise Problem(NOT_READY, "The state of servers is not read to its end.", retry_after_seconds=1.0)
        state = state_of(held.entity_id)
        return value == (state.status if state is not None else "new")

    return EntityKind(
        entity_type=SERVER,
        path="servers",
        noun="server",
        write_scope=WRITE_CONTROL,
        body_schema=BODY_SCHEMA,
        check=check,
        filters={
            "environment": Filter("Only those of this environment.", _has("environment")),
            "region": Filter("Only those of this region.", _has("region")),
            "role": Filter("Only those of this role.", _has("role")),
            "label": Filter("Only those with this label: `name=value`, or `name` alone.", _has_label, True),
            "status": Filter(f"Only those that are so: {', '.join(STATUSES)}.", has_status),
            "q": searched(lambda held: [str(held.body.get("name", ""))]),
        },
        beside=beside,
        beside_schema=STATE_SCHEMA,
    )


def _has(field: str) -> Callable[[Held, str], bool]:
    return lambda held, value: held.body.get(field, "") == value


def _has_label(held: Held, value: str) -> bool:
    name, equals, wanted = value.partition("=")
    labels = held.body.get("labels")
    if not isinstance(labels, Mapping) or name not in labels:
        return False
    return not equals or labels[name] == wanted


def _shown(state: ServerState | None) -> dict[str, Any] | None:
    if state is None:
        return None
    return {
        "status": state.status,
        "changed_at": state.changed_at_ms,
        "last_seen_at": state.last_seen_at_ms,
        "worst_level": state.worst_level,
        "firing": dict(state.firing),
    }
