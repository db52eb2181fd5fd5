"""What the OpenAPI document says of enrolment."""

from collections.abc import Mapping
from typing import Any

from pulsemon_schemas.enrolment import ANSWERS, ASK
from pulsemon_schemas.keys import ID_CHARACTERS

from pulsemon_producers.gateway.control.documents import Operation, answer

_TEXT = {"type": "string"}
_SHA256 = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
BODY: Mapping[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["server_id", "key"],
    "properties": {
        "machine": {
            "type": "string",
            "pattern": "^([0-9a-f]{64})?$",
            "description": "HMAC-SHA256 of `pulsemon enrolment` under the machine id, in hex; empty if it has none.",
        },
        "server_id": {"type": "string", "minLength": 1, "maxLength": 253},
        "name": _TEXT,
        "key": {
            "type": "object",
            "additionalProperties": False,
            "required": ["id", "sha256"],
            "description": "Made by the host; its secret stays there. With the same key it is the same enrolment.",
            "properties": {
                "id": {"type": "string", "pattern": f"^[a-z0-9]{{{ID_CHARACTERS}}}$"},
                "sha256": {**_SHA256, "description": "Of the secret, without its checksum."},
            },
        },
        "if_known": {"type": "string", "enum": list(ANSWERS), "default": ASK},
    },
}
_ANSWER: Mapping[str, Any] = {
    "type": "object",
    "required": ["server_id", "key_id", "server", "server_time"],
    "properties": {
        "server_id": _TEXT,
        "key_id": _TEXT,
        "server": {"type": "object", "description": "What is registered of it."},
        "server_time": {"type": "integer", "description": "Milliseconds since 1970, UTC."},
    },
}
OPERATION = Operation(
    "Register a host with an enrolment token",
    {
        201: answer("The host is registered, and its key is good.", _ANSWER),
        200: answer("The same enrolment was sent before.", _ANSWER),
    },
    (400, 401, 403, 408, 409, 413, 415, 422, 503),
    body=BODY,
    operation_id="enrol",
    scopes=("enrol",),
)
