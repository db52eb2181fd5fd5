"""The JSON object in the body of a request. Pure."""

import json
from typing import Any, NoReturn

from pulsemon_schemas.control import MAX_NESTING

from pulsemon_producers.gateway.problems import BODY_TOO_LARGE, MALFORMED, Problem

MAX_BYTES = 256 * 1024


def read_object(body: bytes) -> dict[str, Any]:
    """The object. Raises Problem if there is none, or one that readers of the control log would not take."""
    if len(body) > MAX_BYTES:
        raise Problem(BODY_TOO_LARGE, f"An entity has at most {MAX_BYTES} bytes; nothing was changed.")
    try:
        item = json.loads(body, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise Problem(MALFORMED, "The body is no JSON; nothing was changed.") from None
    if not isinstance(item, dict):
        raise Problem(MALFORMED, "The body is no JSON object; nothing was changed.")
    if not _is_portable(item):
        raise Problem(MALFORMED, "The body has numbers or characters that no JSON has; nothing was changed.")
    if _depth_beyond(item, MAX_NESTING - 1):
        raise Problem(MALFORMED, f"Objects and lists nest beyond {MAX_NESTING - 1} levels; nothing was changed.")
    return item


def _no_number(name: str) -> NoReturn:
    raise ValueError(name)


def _is_portable(item: dict[str, Any]) -> bool:
    """Half a character and numbers beyond all limits get through the reader, and would fail those of others."""
    try:
        json.dumps(item, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError):
        return False
    return True


def _depth_beyond(item: dict[str, Any], levels: int) -> bool:
    level: list[Any] = [item]
    for _ in range(levels):
        level = [
            child
            for one in level
            for child in (one.values() if isinstance(one, dict) else one)
            if isinstance(child, dict | list)
        ]
        if not level:
            return False
    return True
