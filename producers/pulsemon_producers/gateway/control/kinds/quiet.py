"""Silences and maintenance: when the alerts of a scope page nobody."""

from collections.abc import Callable, Mapping
from typing import Any

from pulsemon_schemas.quiet_windows import expanded
from pulsemon_schemas.recurrence import MAX_DURATION_SECONDS
from pulsemon_schemas.rules import RuleError, parse_quiet
from pulsemon_schemas.rules.quiet import FIRST_MS, LAST_MS, MAINTENANCE, MAX_INTERVALS, SILENCE
from pulsemon_schemas.tokens import WRITE_CONTROL

from pulsemon_producers.gateway.control.configuration import Held
from pulsemon_producers.gateway.control.filters import Filter
from pulsemon_producers.gateway.control.kind import Check, EntityKind
from pulsemon_producers.gateway.control.kinds.scope_schema import LEVELS_SCHEMA, SCOPE_SCHEMA
from pulsemon_producers.gateway.control.listing import searched

_TIME = {"type": "integer", "minimum": FIRST_MS, "maximum": LAST_MS}
BODY_SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "description": "Needs `intervals`, or `recurrence`, from which they are made. Other fields are kept for people.",
    "properties": {
        "scope": SCOPE_SCHEMA,
        "intervals": {
            "type": "array",
            "minItems": 1,
            "maxItems": MAX_INTERVALS,
            "description": "[from, until) in milliseconds since 1970, UTC.",
            "items": {"type": "array", "minItems": 2, "maxItems": 2, "items": _TIME},
        },
        "rule_id": {"type": "string", "description": "Only alerts of this rule; of all unless given."},
        "levels": LEVELS_SCHEMA,
        "recurrence": {
            "type": "object",
            "additionalProperties": False,
            "required": ["rrule", "starts_at", "zone", "duration_seconds"],
            "description": "When it comes again; a gateway keeps the intervals of the next 60 days.",
            "properties": {
                "rrule": {"type": "string", "description": "RFC 5545, such as FREQ=WEEKLY;BYDAY=SU."},
                "starts_at": {"type": "string", "description": "The first time, in the zone: 2026-11-01T02:00."},
                "zone": {"type": "string", "description": "Of the IANA, such as Europe/Berlin."},
                "duration_seconds": {"type": "number", "minimum": 1, "maximum": MAX_DURATION_SECONDS},
                "except": {"type": "array", "items": {"type": "string"}, "description": "Times at which none begins."},
            },
        },
    },
}


def quiet_kind(entity_type: str, path: str, noun: str, now_ms: Callable[[], int]) -> EntityKind:
    """One of both."""

    def holds(held: Held, value: str) -> bool:
        try:
            period = parse_quiet(entity_type, held.entity_id, held.body)
        except RuleError:  # written past this API: it silences nothing
            return False
        if value == "now":
            return period.holds_at(now_ms())
        is_over = max(until_ms for _, until_ms in period.intervals) <= now_ms()
        return value == ("over" if is_over else "open")

    return EntityKind(
        entity_type=entity_type,
        path=path,
        noun=noun,
        write_scope=WRITE_CONTROL,
        body_schema=BODY_SCHEMA,
        check=_checked(entity_type, now_ms),
        filters={
            "holds": Filter("`now`: those that hold; `open`: those that are not over yet; `over`: the others.", holds),
            "rule_id": Filter("Only those of this rule.", lambda held, value: held.body.get("rule_id", "") == value),
            "q": searched(lambda held: [str(held.body.get("comment", ""))]),
        },
    )


def quiet_kinds(now_ms: Callable[[], int]) -> tuple[EntityKind, ...]:
    """Both; ``now_ms`` is the time by which a list says what holds."""
    return (
        quiet_kind(SILENCE, "silences", "silence", now_ms),
        quiet_kind(MAINTENANCE, "maintenance", "maintenance", now_ms),
    )


def _checked(entity_type: str, now_ms: Callable[[], int]) -> Check:
    def check(entity_id: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        made = expanded(entity_type, entity_id, body, now_ms())
        parse_quiet(entity_type, entity_id, made)
        return made

    return check
