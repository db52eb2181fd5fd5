"""What a gateway's answer means for the batch that was sent: pure rules."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from enum import Enum
from typing import Any

ACCEPTED = 202
UNAUTHORIZED, FORBIDDEN = 401, 403
TOO_LARGE, UNPROCESSABLE, TOO_MANY = 413, 422, 429
FIRST_SERVER_ERROR = 500
REFUSED_FOR_EVER = (TOO_LARGE, UNPROCESSABLE)
NOT_TRUSTED = (UNAUTHORIZED, FORBIDDEN)
MAX_DETAIL_CHARACTERS = 200
MS_PER_SECOND = 1000


class Verdict(Enum):
    """What to do next."""

    TAKEN = "it is in the log"
    REFUSED = "it will never be taken"
    AWAY = "later"
    NOT_TRUSTED = "when somebody has given another key"
    MISPLACED = "when somebody has given another address"


@dataclass(frozen=True, slots=True)
class Answer:
    """``reason`` is a code for people and counts, ``detail`` a sentence; times are None if the gateway gave none.

    ``refused`` has the codes of batches that were not taken, by their place in the request.
    """

    verdict: Verdict
    reason: str
    detail: str
    retry_after_seconds: float | None = None
    server_time_ms: int | None = None
    refused: Mapping[int, str] = field(default_factory=dict)


def read(status: int, headers: Mapping[str, str], body: bytes, now_seconds: float) -> Answer:
    """The meaning of an answer. ``headers`` have names in small letters."""
    item = _json(body)
    time_ms = item.get("server_time")
    return Answer(
        verdict=_verdict(status),
        reason=_reason(status, item),
        detail=_detail(status, item),
        retry_after_seconds=_retry_after(headers.get("retry-after", ""), now_seconds),
        server_time_ms=time_ms if type(time_ms) is int else None,
        refused=_refused(item),
    )


def _verdict(status: int) -> Verdict:
    if status == ACCEPTED:
        return Verdict.TAKEN
    if status in REFUSED_FOR_EVER:
        return Verdict.REFUSED
    if status in NOT_TRUSTED:
        return Verdict.NOT_TRUSTED
    return Verdict.AWAY if status == TOO_MANY or status >= FIRST_SERVER_ERROR else Verdict.MISPLACED


def _reason(status: int, item: Mapping[str, Any]) -> str:
    """The code of the first rejected batch, as the gateway's problem document gives it."""
    errors = item.get("errors")
    first = errors[0] if isinstance(errors, list) and errors else None
    code = first.get("code") if isinstance(first, dict) else None
    if isinstance(code, str):
        return code
    return "too_large" if status == TOO_LARGE else f"status_{status}"


def _refused(item: Mapping[str, Any]) -> dict[int, str]:
    errors = item.get("errors")
    found = [one for one in errors if isinstance(one, dict)] if isinstance(errors, list) else []
    return {
        one["index"]: one["code"] for one in found if type(one.get("index")) is int and isinstance(one.get("code"), str)
    }


def _detail(status: int, item: Mapping[str, Any]) -> str:
    text = next((item[key] for key in ("detail", "title") if isinstance(item.get(key), str)), "")
    return f"{status} {text}".strip()[:MAX_DETAIL_CHARACTERS]


def _retry_after(text: str, now_seconds: float) -> float | None:
    """Seconds, or a date, as RFC 9110 has it; None if there is neither."""
    if text.isdigit():
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - now_seconds)
    except ValueError:
        return None


def _json(body: bytes) -> dict[str, Any]:
    try:
        item = json.loads(body)
    except ValueError:
        return {}
    return item if isinstance(item, dict) else {}
