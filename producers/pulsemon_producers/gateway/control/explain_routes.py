"""``GET /api/v1/rules/explain``."""

from fastapi import APIRouter
from pulsemon_schemas import labels
from starlette.requests import Request
from starlette.responses import Response

from pulsemon_producers.gateway.answers import json_answer
from pulsemon_producers.gateway.control import documents
from pulsemon_producers.gateway.control.explain import Explanation, Series
from pulsemon_producers.gateway.control.gate import Gate
from pulsemon_producers.gateway.control.listing import given
from pulsemon_producers.gateway.control.resource import ROOT
from pulsemon_producers.gateway.problems import INVALID_REQUEST, Problem

PARAMETERS = ("server", "metric", "labels")
_TEXT = {"type": "string"}
_TEXTS = {"type": "object", "additionalProperties": _TEXT}
_CANDIDATE = {
    "type": "object",
    "required": ["rule_id", "version", "author", "family", "scope", "levels", "judges", "why"],
    "properties": {
        "rule_id": _TEXT,
        "version": {"type": "integer"},
        "author": _TEXT,
        "family": _TEXT,
        "scope": {"type": "object"},
        "levels": {"type": "object", "additionalProperties": {"type": ["number", "null"]}},
        "judges": {"type": "boolean"},
        "why": _TEXT,
    },
}
SCHEMA = {
    "type": "object",
    "required": ["server", "metric", "labels", "effective", "candidates", "unreadable", "control_offset"],
    "properties": {
        "server": {"type": "object"},
        "metric": _TEXT,
        "labels": _TEXTS,
        "effective": {**_TEXTS, "description": "The rule that judges, by family."},
        "candidates": {"type": "array", "items": _CANDIDATE, "description": "In the order in which they win."},
        "unreadable": {"type": "array", "items": {"type": "object"}},
        "control_offset": {"type": "integer", "description": "As of this record of the control log."},
    },
}
OPERATION = documents.Operation(
    "Say which rule judges a series, and why",
    {200: documents.answer("The rules about it, in their order.", SCHEMA)},
    documents.LIST_PROBLEMS,
    (
        {
            **documents.query_parameter("server", "Id of the server.", {"type": "string", "minLength": 1}),
            "required": True,
        },
        documents.query_parameter("metric", "Of the series; without it the silence of the server is meant.", _TEXT),
        documents.query_parameter("labels", "Of the series: `k=v,k=v`.", _TEXT),
    ),
    operation_id="explain_rules",
)


def explain_router(gate: Gate, explanation: Explanation, read_scope: str) -> APIRouter:
    """The route; it must come before that of one rule, which would take it for an id."""
    router = APIRouter(tags=["rules"])

    async def explain(request: Request) -> Response:
        """Everything that is known about who judges a series."""
        gate.enter(request, read_scope)
        asked = given(request.query_params.multi_items(), PARAMETERS)
        if not asked.get("server"):
            raise Problem(INVALID_REQUEST, "The parameter server must be there: the id of a server.")
        try:
            found = labels.parse(asked.get("labels", ""))
        except ValueError as error:
            raise Problem(INVALID_REQUEST, f"labels: {error}"[:300]) from error
        return json_answer(explanation.of(Series(asked["server"], asked.get("metric", ""), found)))

    documents.add(router, "GET", f"{ROOT}/rules/explain", explain, OPERATION)
    return router
