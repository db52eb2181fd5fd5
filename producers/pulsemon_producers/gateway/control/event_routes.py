"""``POST /api/v1/events``: deployments, notes and whatever else is to be drawn on charts."""

import hashlib
import re
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from fastapi import APIRouter
from pulsemon_schemas.codec import encode
from pulsemon_schemas.labels import canonical
from pulsemon_schemas.records import Event
from pulsemon_schemas.rules import RuleError
from pulsemon_schemas.rules.fields import Fields
from pulsemon_schemas.tokens import WRITE_EVENTS
from pulsemon_schemas.topics import EVENTS
from starlette.requests import Request
from starlette.responses import Response

from pulsemon_producers.gateway.answers import json_answer
from pulsemon_producers.gateway.control import documents
from pulsemon_producers.gateway.control.changes import invalid
from pulsemon_producers.gateway.control.gate import Gate
from pulsemon_producers.gateway.control.kind import MAX_ID_CHARACTERS, is_plain_id
from pulsemon_producers.gateway.control.preconditions import IDEMPOTENCY_KEY, intent
from pulsemon_producers.gateway.control.resource import ROOT
from pulsemon_producers.gateway.control.writer import Log
from pulsemon_producers.gateway.keyring import Principal
from pulsemon_producers.gateway.problems import LOG_AWAY, Problem

SOURCE = "gateway"
ACCEPTED = 202
ANY_PARTITION = -1
FIRST_MS = 1_577_836_800_000
"""2020: what is older is a mistake."""
FUTURE_MS = 24 * 3600 * 1000
MAX_TEXT_CHARACTERS = 2000
MAX_LABELS_CHARACTERS = 2048
KIND = re.compile(r"[a-z][a-z0-9_.-]{0,63}")
BODY_SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "required": ["server_id", "kind"],
    "additionalProperties": False,
    "properties": {
        "server_id": {"type": "string", "minLength": 1, "maxLength": MAX_ID_CHARACTERS},
        "kind": {"type": "string", "pattern": f"^{KIND.pattern}$", "description": "One word: deploy, reboot, note."},
        "text": {"type": "string", "maxLength": MAX_TEXT_CHARACTERS},
        "labels": {"type": "object", "additionalProperties": {"type": "string"}},
        "occurred_at": {"type": "integer", "description": "Milliseconds since 1970, UTC; now unless given."},
    },
}
TAKEN_SCHEMA = {
    "type": "object",
    "required": ["event_id", "server_time"],
    "properties": {"event_id": {"type": "string"}, "server_time": {"type": "integer"}},
}
OPERATION = documents.Operation(
    "Write an event",
    {202: documents.answer("The log has it.", TAKEN_SCHEMA)},
    tuple(status for status in documents.WRITE_PROBLEMS if status not in (404, 409, 428)),
    (documents.CHANGE_HEADERS[0],),
    BODY_SCHEMA,
    operation_id="write_event",
    scopes=(WRITE_EVENTS,),
)


def event_router(gate: Gate, log: Log, now_ms: Callable[[], int]) -> APIRouter:
    """The route, for one gateway."""
    router = APIRouter(tags=["events"])

    async def write(request: Request) -> Response:
        """Write one event. With an Idempotency-Key it is one however often it is sent: readers keep one of each id."""
        who = gate.enter(request, WRITE_EVENTS)
        what = intent(request.headers, must_match=False)
        is_named = IDEMPOTENCY_KEY in request.headers
        event_id = _event_id(who, what.change_id) if is_named else uuid.uuid4().hex
        event = read_event(await gate.read(request), event_id, who.author, now_ms())
        try:
            await log.append(EVENTS.name, event.server_id.encode(), encode(event), ANY_PARTITION)
        except OSError as error:
            text = f"The log has not confirmed it ({error}). Send it again, with an Idempotency-Key to have it once."
            raise Problem(LOG_AWAY, text, retry_after_seconds=1.0) from error
        return json_answer({"event_id": event.event_id, "server_time": now_ms()}, ACCEPTED)

    documents.add(router, "POST", f"{ROOT}/events", write, OPERATION)
    return router


def read_event(sent: Mapping[str, Any], event_id: str, author: str, now_ms: int) -> Event:
    """The event that was sent. Raises Problem with everything that is wrong with it."""
    problems: list[str] = []
    fields = Fields(sent, problems)
    server_id, kind, text = fields.text("server_id", None), fields.text("kind", None), fields.text("text")
    found = canonical(fields.texts("labels"))
    occurred_at_ms = round(fields.number("occurred_at", float(now_ms)))
    fields.unasked()
    if server_id and not is_plain_id(server_id):
        fields.problem("server_id", f"has 1 to {MAX_ID_CHARACTERS} printable characters, no slash, no _ first")
    if kind and KIND.fullmatch(kind) is None:
        fields.problem("kind", f"is one word such as deploy: {KIND.pattern}")
    if len(text) > MAX_TEXT_CHARACTERS:
        fields.problem("text", f"has at most {MAX_TEXT_CHARACTERS} characters")
    if len(found) > MAX_LABELS_CHARACTERS:
        fields.problem("labels", f"have at most {MAX_LABELS_CHARACTERS} characters together")
    if not FIRST_MS <= occurred_at_ms <= now_ms + FUTURE_MS:
        fields.problem("occurred_at", "lies before 2020, or more than a day ahead")
    if problems:
        raise invalid(RuleError("the event", problems))
    return Event(event_id, server_id, SOURCE, kind, text, found, author, occurred_at_ms)


def _event_id(who: Principal, change_id: str) -> str:
    return hashlib.sha256(f"{who.key_id}/{change_id}".encode()).hexdigest()[:32]
