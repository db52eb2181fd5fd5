"""What the OpenAPI document says of alerts."""

from collections.abc import Mapping
from typing import Any

from pulsemon_schemas.records import AlertEvent
from pulsemon_schemas.rules import LEVELS
from pulsemon_schemas.tokens import READ

from pulsemon_producers.gateway.control.documents import (
    CHANGE_HEADERS,
    LIST_PROBLEMS,
    READ_PROBLEMS,
    WRITE_PROBLEMS,
    Operation,
    Schema,
    answer,
    page_parameters,
    page_schema,
    path_parameter,
)
from pulsemon_producers.gateway.control.filters import Filter

_TEXT = {"type": "string"}
_NUMBER = {"type": ["number", "null"]}
_MILLISECONDS = {"type": "integer", "description": "Milliseconds since 1970, UTC."}
_PROPERTIES: Mapping[str, Any] = {
    "id": _TEXT,
    "server_id": _TEXT,
    "rule_id": _TEXT,
    "rule_version": {"type": "integer"},
    "rule_author": _TEXT,
    "metric": _TEXT,
    "labels": {"type": "object", "additionalProperties": _TEXT},
    "state": _TEXT,
    "level": {"type": "string", "enum": list(LEVELS)},
    "reason": _TEXT,
    "actor": _TEXT,
    "transition": {"type": "integer"},
    "started_at": _MILLISECONDS,
    "changed_at": _MILLISECONDS,
    "value": _NUMBER,
    "limit": _NUMBER,
    "calm_value": _NUMBER,
    "window": {"type": "object"},
    "suppressed_by": {"type": "array", "items": _TEXT},
}
_NOTE = {
    "type": "object",
    "required": ["version", "at", "author", "on_behalf_of", "what", "text", "until"],
    "properties": {
        "version": {"type": "integer"},
        "at": _MILLISECONDS,
        "author": _TEXT,
        "on_behalf_of": _TEXT,
        "what": {"type": "string", "description": "A command, or `comment`."},
        "text": _TEXT,
        "until": {"type": ["integer", "null"]},
    },
}
_ID = path_parameter("alert_id", "Id of the alert.")


def _schema(**more: Any) -> Schema:
    properties = {**_PROPERTIES, **more}
    return {"type": "object", "required": list(properties), "properties": properties}


SHOWING = Operation(
    "Show one alert",
    {200: answer("Its newest transition, and its notes.", _schema(notes={"type": "array", "items": _NOTE}))},
    READ_PROBLEMS,
    (_ID,),
    operation_id="show_alert",
    scopes=(READ,),
)


def listing(filters: Mapping[str, Filter[AlertEvent]]) -> Operation:
    """List."""
    return Operation(
        "List alerts",
        {200: answer("A page, the newest first.", page_schema({"type": "array", "items": _schema()}))},
        LIST_PROBLEMS,
        page_parameters(filters),
        operation_id="list_alerts",
        scopes=(READ,),
    )


def doing(verb: str, summary: str, scope: str, body: Schema) -> Operation:
    """Do something to one."""
    taken = {
        "type": "object",
        "required": ["id", "version", "command"],
        "properties": {"id": _TEXT, "version": {"type": "integer"}, "command": _TEXT},
    }
    return Operation(
        summary,
        {202: answer("It is in the control log; what it changes shows within seconds.", taken)},
        WRITE_PROBLEMS,
        (_ID, *CHANGE_HEADERS),
        body,
        operation_id=f"{verb}_alert",
        scopes=(scope,),
    )
