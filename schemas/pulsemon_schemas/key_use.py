"""When a key was last used: the record of ``pulsemon.key-use``. Pure."""

import json


def encode(used_at_ms: int) -> bytes:
    """The record."""
    return json.dumps({"used_at": used_at_ms}).encode()


def decode(value: bytes) -> int | None:
    """The time in milliseconds; None for bytes that are no such record."""
    try:
        used_at = json.loads(value)["used_at"]
    except (ValueError, KeyError, TypeError):
        return None
    return used_at if type(used_at) is int else None
