"""Answers as HTTP has them: problem documents, receipts."""

import json
import math
from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from pulsemon_producers.gateway.problems import MEDIA_TYPE, Problem

JSON = "application/json"
NOT_TRUSTED = 401


def json_answer(
    item: Any, status: int = 200, headers: Mapping[str, str] | None = None, media_type: str = JSON
) -> Response:
    """A JSON document."""
    return Response(json.dumps(item, separators=(",", ":")), status, dict(headers or {}), media_type)


def problem_answer(problem: Problem, now_ms: int, more: Mapping[str, Any] | None = None) -> Response:
    """The problem document; ``more`` are members for clients that look for them."""
    kind = problem.kind
    headers = dict(problem.headers)
    if problem.retry_after_seconds is not None:
        headers["Retry-After"] = str(math.ceil(problem.retry_after_seconds))
    if kind.status == NOT_TRUSTED:
        headers["WWW-Authenticate"] = 'Bearer realm="pulsemon", Basic realm="pulsemon"'
    if problem.closes:
        headers["Connection"] = "close"
    return json_answer({**problem.document(now_ms), **(more or {})}, kind.status, headers, MEDIA_TYPE)
