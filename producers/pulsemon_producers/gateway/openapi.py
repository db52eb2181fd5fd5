"""What the OpenAPI document says of bodies and answers that are read by hand."""

from typing import Any

from pulsemon_producers.gateway.problems import KINDS, MEDIA_TYPE
from pulsemon_producers.gateway.subjects import MEDIA_TYPE as REGISTRY_MEDIA_TYPE

_PROBLEM: dict[str, Any] = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "server_time"],
    "properties": {
        "type": {"type": "string", "enum": [kind.uri for kind in KINDS]},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "server_time": {"type": "integer", "description": "Milliseconds since 1970, UTC."},
        "accepted": {"type": "integer", "description": "Items that are in the log nevertheless."},
        "expected_version": {"type": "integer", "description": "The version that the request expected."},
        "version": {"type": "integer", "description": "The newest version; -1 for an id that was never used."},
        "in_force": {"type": ["object", "null"], "description": "That version; null if it ended the entity."},
        "change_id": {"type": "string", "description": "Send it as Idempotency-Key with the same request again."},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["index", "pointer", "code", "detail"],
                "properties": {
                    "index": {"type": "integer"},
                    "pointer": {"type": "string"},
                    "code": {"type": "string"},
                    "detail": {"type": "string"},
                },
            },
        },
    },
}
PROBLEM_REFERENCE = {"$ref": "#/components/schemas/Problem"}
SCHEMAS: dict[str, Any] = {"Problem": _PROBLEM}
"""What operations refer to, so that it stands in the document once."""
_SAMPLE: dict[str, Any] = {
    "type": "object",
    "required": ["name", "value"],
    "additionalProperties": False,
    "properties": {
        "name": {"type": "string", "minLength": 1, "maxLength": 255},
        "labels": {"type": "object", "additionalProperties": {"type": "string"}, "maxProperties": 32},
        "value": {"oneOf": [{"type": "number"}, {"type": "boolean"}]},
        "recorded_at": {"type": "integer", "description": "Milliseconds since 1970, UTC; that of the body if missing."},
    },
}
_SAMPLES: dict[str, Any] = {
    "type": "object",
    "required": ["samples"],
    "additionalProperties": False,
    "properties": {
        "batch_id": {"type": "string", "maxLength": 128},
        "recorded_at": {
            "type": "integer",
            "description": "Milliseconds since 1970, UTC; the time of arrival if missing.",
        },
        "samples": {"type": "array", "minItems": 1, "items": _SAMPLE},
    },
}
_RECEIPT: dict[str, Any] = {
    "type": "object",
    "required": ["accepted", "server_time"],
    "properties": {"accepted": {"type": "integer"}, "server_time": {"type": "integer"}},
}
SECURITY: list[dict[str, list[str]]] = [{"bearer": []}, {"basic": []}]

SECURITY_SCHEMES: dict[str, Any] = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "`Bearer pm_…`; `Token pm_…` is the same."},
    "basic": {"type": "http", "scheme": "basic", "description": "Any name, and the key as the password."},
}
METRICS_BODY: dict[str, Any] = {
    "security": SECURITY,
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": _SAMPLES},
            "application/vnd.pulsemon.batches+avro": {"schema": {"type": "string", "format": "binary"}},
        },
    },
}
LINES_BODY: dict[str, Any] = {
    "security": SECURITY,
    "requestBody": {"required": False, "content": {"text/plain": {"schema": {"type": "string"}}}},
}
QUERY_BODY: dict[str, Any] = {
    "security": SECURITY,
    "requestBody": {
        "required": False,
        "content": {
            "application/x-www-form-urlencoded": {"schema": {"type": "object", "properties": {"q": {"type": "string"}}}}
        },
    },
}
LOOKUP_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            REGISTRY_MEDIA_TYPE: {"schema": {"type": "object", "properties": {"schema": {"type": "string"}}}},
        },
    },
}
_REGISTRY_ERROR: dict[str, Any] = {
    "type": "object",
    "required": ["error_code", "message"],
    "properties": {"error_code": {"type": "integer"}, "message": {"type": "string"}},
}


def receipt_responses() -> dict[int | str, dict[str, Any]]:
    """What writing batches or samples answers."""
    return {202: {"description": "All of it is in the log.", "content": {"application/json": {"schema": _RECEIPT}}}} | (
        problem_responses()
    )


def lines_responses() -> dict[int | str, dict[str, Any]]:
    """What writing lines answers."""
    return {204: {"description": "All of it is in the log."}} | problem_responses()


def query_responses() -> dict[int | str, dict[str, Any]]:
    """What CREATE DATABASE answers."""
    return {
        200: {"description": "There is nothing to make.", "content": {"application/json": {}}}
    } | problem_responses()


def registry_responses() -> dict[int | str, dict[str, Any]]:
    """What the schema registry answers, in its own way; problems only about bodies."""
    missing = {REGISTRY_MEDIA_TYPE: {"schema": _REGISTRY_ERROR}, MEDIA_TYPE: {"schema": PROBLEM_REFERENCE}}
    found = {200: {"description": "As registries answer.", "content": {REGISTRY_MEDIA_TYPE: {}}}} | problem_responses()
    return found | {status: {"description": "It is not there.", "content": missing} for status in (404, 422)}


def ready_responses() -> dict[int | str, dict[str, Any]]:
    """What readiness answers while there is none."""
    return {503: problem_responses()[503]}


def problem_responses() -> dict[int | str, dict[str, Any]]:
    """Every problem, by status."""
    found: dict[int | str, dict[str, Any]] = {}
    for status in sorted({kind.status for kind in KINDS}):
        titles = "; ".join(f"{kind.name}: {kind.title}" for kind in KINDS if kind.status == status)
        found[status] = {"description": titles, "content": {MEDIA_TYPE: {"schema": PROBLEM_REFERENCE}}}
    return found
