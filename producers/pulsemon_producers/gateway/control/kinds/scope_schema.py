"""Whom something is for, as the OpenAPI document has it."""

from collections.abc import Mapping
from typing import Any

from pulsemon_schemas.rules.rule import LEVELS
from pulsemon_schemas.rules.scope import KINDS

SCOPE_SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "kind": {"type": "string", "enum": list(KINDS)},
        "value": {"type": "string"},
        "labels": {"type": "object", "additionalProperties": {"type": "string"}},
    },
}
LEVELS_SCHEMA: Mapping[str, Any] = {"type": "array", "items": {"type": "string", "enum": list(LEVELS)}}
