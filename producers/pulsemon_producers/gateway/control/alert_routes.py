"""Alerts over HTTP: list and show them, and say what is to be done with them."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter
from pulsemon_schemas import labels
from pulsemon_schemas.alert_comment import ALERT_COMMENT, MAX_TEXT_CHARACTERS
from pulsemon_schemas.records import AlertEvent
from pulsemon_schemas.rules import LEVELS, RuleError
from pulsemon_schemas.rules.alert_command import ACKNOWLEDGE, ENTITY_TYPE, RESOLVE, UNACKNOWLEDGE
from pulsemon_schemas.rules.fields import Fields
from pulsemon_schemas.tokens import CLOSE_ALERTS, READ, WRITE_ALERTS
from starlette.requests import Request
from starlette.responses import Response

from pulsemon_producers.gateway.answers import json_answer
from pulsemon_producers.gateway.control import alert_documents, documents
from pulsemon_producers.gateway.control.alert_notes import AlertNotes, Note
from pulsemon_producers.gateway.control.changes import Changes, invalid
from pulsemon_producers.gateway.control.durations import duration_ms
from pulsemon_producers.gateway.control.filters import Filter
from pulsemon_producers.gateway.control.gate import Gate
from pulsemon_producers.gateway.control.listing import cut, page
from pulsemon_producers.gateway.control.preconditions import intent
from pulsemon_producers.gateway.control.resource import ROOT
from pulsemon_producers.gateway.control.states import Alerts, is_open
from pulsemon_producers.gateway.problems import ENTITY_UNKNOWN, NOT_READY, STATE_CONFLICT, Problem

ACCEPTED = 202
MAX_SECONDS = 366 * 24 * 3600
STATE, OPEN, ENDED, ANY = "state", "open", "ended", "any"


@dataclass(frozen=True, slots=True)
class Verb:
    """Something that is done to an alert. ``command`` "" is a comment. ``text`` names the member of the body."""

    path: str
    summary: str
    command: str
    scope: str
    text: str = "note"
    can_expire: bool = False
    needs_text: bool = False


VERBS = (
    Verb("acknowledge", "Say that somebody works on it", ACKNOWLEDGE, WRITE_ALERTS, can_expire=True),
    Verb("unacknowledge", "Say that nobody works on it any more", UNACKNOWLEDGE, WRITE_ALERTS),
    Verb("close", "End it", RESOLVE, CLOSE_ALERTS),
    Verb("comment", "Say something about it", "", WRITE_ALERTS, text="text", needs_text=True),
)


def _is_in_state(alert: AlertEvent, value: str) -> bool:
    return value in (ANY, alert.state, OPEN if is_open(alert) else ENDED)


FILTERS: Mapping[str, Filter[AlertEvent]] = {
    STATE: Filter("`open` (unless given), `ended`, `any`, or one state such as `firing`.", _is_in_state),
    "level": Filter(f"{', '.join(LEVELS)}.", lambda alert, value: alert.level == value),
    "server": Filter("Only those of this server.", lambda alert, value: alert.server_id == value),
    "rule": Filter("Only those of this rule.", lambda alert, value: alert.rule_id == value),
    "metric": Filter("Only those of this metric.", lambda alert, value: alert.metric == value),
}


class AlertResource:
    """The routes, for one gateway. ``is_read``: whether all alerts that there were at the start are known."""

    def __init__(
        self,
        gate: Gate,
        alerts: Alerts,
        notes: AlertNotes,
        changes: Changes,
        now_ms: Callable[[], int],
        is_read: Callable[[], bool],
    ) -> None:
        self._gate = gate
        self._alerts = alerts
        self._notes = notes
        self._changes = changes
        self._now_ms = now_ms
        self._is_read = is_read

    def router(self) -> APIRouter:
        """All of them."""
        router = APIRouter(tags=["alerts"])
        one = f"{ROOT}/alerts/{{alert_id}}"
        documents.add(router, "GET", f"{ROOT}/alerts", self.list_all, alert_documents.listing(FILTERS))
        documents.add(router, "GET", one, self.show, alert_documents.SHOWING)
        for verb in VERBS:
            operation = alert_documents.doing(verb.path, verb.summary, verb.scope, _schema(verb))
            documents.add(router, "POST", f"{one}/{verb.path}", self._doer(verb), operation)
        return router

    async def list_all(self, request: Request) -> Response:
        """Those that are open, the newest first, in pages."""
        self._gate.enter(request, READ)
        self._check_read()
        asked_for = request.query_params.multi_items()
        if not any(name == STATE for name, _ in asked_for):
            asked_for = [*asked_for, (STATE, OPEN)]
        items = self._alerts.by_place()
        found, cursor = cut(list(items), items, page(asked_for, FILTERS))
        return json_answer({"items": [shown(one) for one in found], "next": cursor})

    async def show(self, request: Request) -> Response:
        """One of them, with what people did and said."""
        self._gate.enter(request, READ)
        alert = self._found(request)
        return json_answer({**shown(alert), "notes": [_shown_note(one) for one in self._notes.of(alert.alert_id)]})

    def _doer(self, verb: Verb) -> documents.Handler:
        async def do(request: Request) -> Response:
            who = self._gate.enter(request, verb.scope)
            what = intent(request.headers, must_match=False)
            sent = await self._gate.read(request)
            alert = self._found(request)
            body = self._body(verb, sent, alert)
            if verb.command and not is_open(alert):
                raise Problem(STATE_CONFLICT, f"The alert has ended, it is {alert.state}; nothing was changed.")
            entity_type = ENTITY_TYPE if verb.command else ALERT_COMMENT
            named = f"{alert.alert_id}/{verb.path}/{who.key_id}/{what.change_id}"
            entity_id = f"{alert.alert_id}-{hashlib.sha256(named.encode()).hexdigest()[:16]}"
            made = await self._changes.put((entity_type, entity_id), body, what, who, lambda _: {}, is_random=True)
            return json_answer({"id": alert.alert_id, "version": made.version, "command": verb.path}, ACCEPTED)

        do.__doc__ = verb.summary
        return do

    def _body(self, verb: Verb, sent: Mapping[str, Any], alert: AlertEvent) -> dict[str, Any]:
        problems: list[str] = []
        fields = Fields(sent, problems)
        text = fields.text(verb.text, None if verb.needs_text else "")
        if len(text) > MAX_TEXT_CHARACTERS:
            fields.problem(verb.text, f"has at most {MAX_TEXT_CHARACTERS} characters")
        body: dict[str, Any] = {"alert_id": alert.alert_id, "server_id": alert.server_id, verb.text: text}
        if verb.command:
            body["command"] = verb.command
        if verb.can_expire and fields.has("expires_in_seconds"):
            body["until_ms"] = self._now_ms() + duration_ms(fields, "expires_in_seconds", 1.0, 1.0, MAX_SECONDS)
        fields.unasked()
        if problems:
            raise invalid(RuleError(f"the {verb.path}", problems))
        return body

    def _found(self, request: Request) -> AlertEvent:
        self._check_read()
        alert_id = request.path_params["alert_id"]
        alert = self._alerts.of(alert_id)
        if alert is None:
            text = f"No alert {alert_id[:200]!r} is open or ended within the last days; nothing was changed."
            raise Problem(ENTITY_UNKNOWN, text)
        return alert

    def _check_read(self) -> None:
        if not self._is_read():
            text = "The state of alerts is not read to its end; nothing was changed."
            raise Problem(NOT_READY, text, retry_after_seconds=1.0)


def shown(alert: AlertEvent) -> dict[str, Any]:
    """An alert as it is answered."""
    return {
        "id": alert.alert_id,
        "server_id": alert.server_id,
        "rule_id": alert.rule_id,
        "rule_version": alert.rule_version,
        "rule_author": alert.rule_author,
        "metric": alert.metric,
        "labels": _labels(alert.labels),
        "state": alert.state,
        "level": alert.level,
        "reason": alert.reason,
        "actor": alert.actor,
        "transition": alert.transition,
        "started_at": alert.started_at_ms,
        "changed_at": alert.occurred_at_ms,
        "value": _finite(alert.value),
        "limit": _finite(alert.limit),
        "calm_value": _finite(alert.calm_value),
        "window": {"function": alert.window_function, "seconds": alert.window_seconds},
        "suppressed_by": list(alert.suppressed_by),
    }


def _shown_note(note: Note) -> dict[str, Any]:
    return {
        "version": note.version,
        "at": note.at_ms,
        "author": note.author,
        "on_behalf_of": note.on_behalf_of,
        "what": note.what,
        "text": note.text,
        "until": note.until_ms or None,
    }


def _labels(text: str) -> dict[str, str]:
    try:
        return labels.parse(text)
    except ValueError:
        return {}


def _finite(value: float | None) -> float | None:
    """JSON has no infinity."""
    return value if value is not None and abs(value) < float("inf") else None


def _schema(verb: Verb) -> dict[str, Any]:
    properties: dict[str, Any] = {verb.text: {"type": "string", "maxLength": MAX_TEXT_CHARACTERS}}
    if verb.needs_text:
        properties[verb.text]["minLength"] = 1
    if verb.can_expire:
        properties["expires_in_seconds"] = {"type": "number", "minimum": 1, "maximum": MAX_SECONDS}
    required = [verb.text] if verb.needs_text else []
    return {"type": "object", "additionalProperties": False, "required": required, "properties": properties}
