"""One event of a partition: a server's new status, or how far the partition's time is."""

import json
from typing import Any, NamedTuple

from pulsemon_schemas.errors import ContractError

STATUS, TIME = "status", "time"
_NUMBERS = ("time_ms", "partition", "offset", "control_offset")


class FleetEvent(NamedTuple):
    """``partition`` and ``offset`` are those of the metrics record that caused it; ``log_offset`` is its own.

    ``server_id`` and ``status`` are "" where only time is told.
    """

    log_offset: int
    time_ms: int
    partition: int
    offset: int
    control_offset: int
    server_id: str
    status: str


def read_event(log_offset: int, value: bytes, topic_id: str, partition_count: int) -> FleetEvent | None:
    """The event in a record; None if it is about another life of the metrics topic, or of a type to come.

    Raises ContractError.
    """
    try:
        body: Any = json.loads(value)
    except (ValueError, RecursionError) as error:
        raise ContractError("malformed", f"no JSON: {error}") from None
    if not isinstance(body, dict):
        raise ContractError("malformed", "no object")
    if body.get("topic_id") != topic_id or body.get("type") not in {STATUS, TIME}:
        return None
    numbers = [body.get(name) for name in _NUMBERS]
    texts = (body.get("server_id"), body.get("status")) if body["type"] == STATUS else ("", "")
    if not all(type(number) is int for number in numbers) or not all(isinstance(text, str) for text in texts):
        raise ContractError("malformed", f"needs {', '.join(_NUMBERS)}, and as a status server_id and status")
    found: list[Any] = [*numbers, *texts]
    event = FleetEvent(log_offset, *found)
    if not 0 <= event.partition < partition_count or min(event.time_ms, event.offset) < 0:
        raise ContractError("malformed", f"partition {event.partition}, offset {event.offset}, time {event.time_ms}")
    return event
