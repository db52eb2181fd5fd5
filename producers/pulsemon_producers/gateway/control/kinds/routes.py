"""Routes: who is told of which alerts. What a receiver is, the notifier says; here only the structure is judged."""

from collections.abc import Mapping
from typing import Any

from pulsemon_schemas.rules import LEVELS, RuleError
from pulsemon_schemas.rules.fields import Fields
from pulsemon_schemas.rules.scope import read_scope, scope_body
from pulsemon_schemas.tokens import WRITE_CONTROL

from pulsemon_producers.gateway.control.configuration import Held
from pulsemon_producers.gateway.control.filters import Filter
from pulsemon_producers.gateway.control.kind import EntityKind
from pulsemon_producers.gateway.control.kinds.scope_schema import LEVELS_SCHEMA, SCOPE_SCHEMA
from pulsemon_producers.gateway.control.listing import searched

ROUTE = "route"
MAX_RECEIVERS = 20
MAX_CHARACTERS = 253
BODY_SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "required": ["receivers"],
    "additionalProperties": False,
    "properties": {
        "scope": SCOPE_SCHEMA,
        "levels": LEVELS_SCHEMA,
        "rule_id": {"type": "string", "description": "Only alerts of this rule; of all unless given."},
        "receivers": {
            "type": "array",
            "minItems": 1,
            "maxItems": MAX_RECEIVERS,
            "items": {"type": "string", "minLength": 1, "maxLength": MAX_CHARACTERS},
        },
        "enabled": {"type": "boolean"},
        "summary": {"type": "string"},
        "options": {"type": "object", "description": "For the notifier; kept as it is."},
    },
}


def check(entity_id: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
    """As ``kind.Check``."""
    problems: list[str] = []
    fields = Fields(body, problems)
    made: dict[str, Any] = {
        "scope": scope_body(read_scope(fields.nested("scope"))),
        "levels": _chosen(fields, "levels", LEVELS),
        "rule_id": fields.text("rule_id"),
        "receivers": _receivers(fields),
        "enabled": fields.boolean("enabled", True),
        "summary": fields.text("summary"),
    }
    if fields.has("options"):
        made["options"] = body["options"]
        if not isinstance(body["options"], Mapping):
            fields.problem("options", "must be an object")
    fields.unasked()
    if problems:
        raise RuleError(f"route {entity_id!r}", problems)
    return made


def _receivers(fields: Fields) -> list[str]:
    items = fields.listed("receivers")
    if not 1 <= len(items) <= MAX_RECEIVERS:
        fields.problem("receivers", f"1 to {MAX_RECEIVERS} are needed, there are {len(items)}")
    for index, item in enumerate(items):
        if not isinstance(item, str) or not 0 < len(item) <= MAX_CHARACTERS:
            fields.problem(f"receivers.{index}", f"must be a text of 1 to {MAX_CHARACTERS} characters")
    return items


def _chosen(fields: Fields, name: str, choices: tuple[str, ...]) -> list[str]:
    items = fields.listed(name)
    for index, item in enumerate(items):
        if item not in choices:
            fields.problem(f"{name}.{index}", f"must be one of {', '.join(choices)}, is {item!r}")
    return items


def _tells(held: Held, value: str) -> bool:
    receivers = held.body.get("receivers")
    return isinstance(receivers, list) and value in receivers


KIND = EntityKind(
    entity_type=ROUTE,
    path="routes",
    noun="route",
    write_scope=WRITE_CONTROL,
    body_schema=BODY_SCHEMA,
    check=check,
    filters={
        "receiver": Filter("Only those to this receiver.", _tells),
        "q": searched(lambda held: [str(held.body.get("summary", ""))]),
    },
)
