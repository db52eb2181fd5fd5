"""The web application: routes, and every failure as a problem document."""

import logging
from collections.abc import Callable
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp

from pulsemon_producers.gateway.answers import problem_answer
from pulsemon_producers.gateway.control.api import ControlApi
from pulsemon_producers.gateway.door import Door
from pulsemon_producers.gateway.influx_routes import InfluxDoors
from pulsemon_producers.gateway.ingest import Ingest
from pulsemon_producers.gateway.meters import MEDIA_TYPE as METERS_MEDIA_TYPE
from pulsemon_producers.gateway.meters import CountedAnswers, Meters
from pulsemon_producers.gateway.metrics_routes import metrics_router
from pulsemon_producers.gateway.openapi import SCHEMAS, SECURITY_SCHEMES, ready_responses
from pulsemon_producers.gateway.problems import (
    INTERNAL,
    INVALID_REQUEST,
    METHOD_NOT_ALLOWED,
    NOT_FOUND,
    NOT_READY,
    Problem,
)
from pulsemon_producers.gateway.registry_routes import registry_router
from pulsemon_producers.gateway.request_body import BodyRoom

log = logging.getLogger(__name__)

API_VERSION = "1"
STATUS_KINDS = {404: NOT_FOUND, 405: METHOD_NOT_ALLOWED}


def application(
    door: Door,
    room: BodyRoom,
    ingest: Ingest,
    meters: Meters,
    now_ms: Callable[[], int],
    is_ready: Callable[[], bool],
    control: ControlApi,
) -> ASGIApp:
    """All of one gateway. Nothing here decides anything: it names who does."""
    app = FastAPI(title="Pulse Monitor", version=API_VERSION, docs_url=None, redoc_url=None, redirect_slashes=False)
    app.include_router(metrics_router(door, room, ingest, now_ms))
    app.include_router(InfluxDoors(door, room, ingest, now_ms).router())
    app.include_router(registry_router(room))
    for router in control.routers():
        app.include_router(router)
    _add_health(app, meters, is_ready)
    _add_problems(app, now_ms)
    _describe_security(app)
    return CountedAnswers(app, meters)


def _add_health(app: FastAPI, meters: Meters, is_ready: Callable[[], bool]) -> None:
    @app.get("/metrics", response_class=PlainTextResponse, tags=["health"])
    async def metrics() -> Response:
        """What this gateway counts of itself, as Prometheus reads it."""
        return Response(meters.text(), media_type=METERS_MEDIA_TYPE)

    @app.get("/livez", response_class=PlainTextResponse, tags=["health"])
    async def livez() -> str:
        """Whether the process answers."""
        return "ok\n"

    @app.get("/readyz", response_class=PlainTextResponse, responses=ready_responses(), tags=["health"])
    async def readyz() -> str:
        """Whether it can take metrics: it knows the keys, and the log."""
        if not is_ready():
            raise Problem(NOT_READY, "The control log is not read to its end, or the log does not confirm.")
        return "ok\n"


def _add_problems(app: FastAPI, now_ms: Callable[[], int]) -> None:
    @app.exception_handler(Problem)
    async def known(_: Request, problem: Exception) -> Response:
        assert isinstance(problem, Problem)
        return problem_answer(problem, now_ms())

    @app.exception_handler(HTTPException)
    async def of_routing(_: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        kind = STATUS_KINDS.get(error.status_code, INVALID_REQUEST)
        answer = problem_answer(Problem(kind, "See /openapi.json for what there is."), now_ms())
        answer.headers.update(error.headers or {})
        return answer

    @app.exception_handler(RequestValidationError)
    async def of_parameters(_: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        places = ", ".join(".".join(map(str, one["loc"])) for one in error.errors())
        return problem_answer(Problem(INVALID_REQUEST, f"These make no sense: {places[:200]}."), now_ms())

    @app.exception_handler(Exception)
    async def unknown(_: Request, error: Exception) -> Response:
        log.error("A request failed by a mistake of ours: %s", type(error).__name__)
        text = (
            "It is in the log of the gateway. Whether anything was written is not known; sending it again does no harm."
        )
        return problem_answer(Problem(INTERNAL, text), now_ms())


def _describe_security(app: FastAPI) -> None:
    made = app.openapi

    def described() -> dict[str, Any]:
        document = made()
        components = document.setdefault("components", {})
        components["securitySchemes"] = SECURITY_SCHEMES
        components.setdefault("schemas", {}).update(SCHEMAS)
        return document

    app.openapi = described  # type: ignore[method-assign] # the way that FastAPI documents
