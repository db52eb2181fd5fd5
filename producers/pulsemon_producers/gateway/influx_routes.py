"""What clients of InfluxDB expect: ``/write``, ``/api/v2/write``, and enough beside them to begin.

Version 1 clients throw data away at every answer from 400 to 499, so that one who only sends too much is told 503.
"""

from collections.abc import Callable

from fastapi import APIRouter
from pulsemon_schemas.keys import WRITE_METRICS
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pulsemon_producers.gateway.answers import json_answer, problem_answer
from pulsemon_producers.gateway.door import Door
from pulsemon_producers.gateway.influx_points import unit_ns
from pulsemon_producers.gateway.ingest import Ingest
from pulsemon_producers.gateway.openapi import LINES_BODY, QUERY_BODY, lines_responses, query_responses
from pulsemon_producers.gateway.problems import (
    INVALID_REQUEST,
    LINES_REJECTED,
    RATE_LIMITED,
    RATE_LIMITED_INFLUX,
    Kind,
    Problem,
)
from pulsemon_producers.gateway.request_body import BodyRoom

NO_CONTENT = 204
CREATE_DATABASE = "create database"
TEXTS_HEADER = "Pulsemon-Texts-Ignored"


class InfluxDoors:
    """The routes of one gateway."""

    def __init__(self, door: Door, room: BodyRoom, ingest: Ingest, now_ms: Callable[[], int]) -> None:
        self._door = door
        self._room = room
        self._ingest = ingest
        self._now_ms = now_ms

    def router(self) -> APIRouter:
        """All of them."""
        router = APIRouter(tags=["influx"])
        for path, write in {"/write": self.write_v1, "/api/v2/write": self.write_v2}.items():
            router.add_api_route(
                path,
                write,
                methods=["POST"],
                status_code=NO_CONTENT,
                response_class=Response,
                openapi_extra=LINES_BODY,
                responses=lines_responses(),
            )
        router.add_api_route("/ping", self.ping, methods=["GET"], status_code=NO_CONTENT, response_class=Response)
        router.routes.append(Route("/ping", self.ping_head, methods=["HEAD"]))
        router.add_api_route(
            "/query",
            self.query,
            methods=["POST"],
            response_class=Response,
            openapi_extra=QUERY_BODY,
            responses=query_responses(),
        )
        return router

    async def write_v1(self, request: Request) -> Response:
        """Write lines, as InfluxDB 1.x takes them; db and rp are not looked at."""
        return await self._write(request, RATE_LIMITED_INFLUX)

    async def write_v2(self, request: Request) -> Response:
        """Write lines, as InfluxDB 2.x takes them; org and bucket are not looked at."""
        return await self._write(request, RATE_LIMITED)

    async def ping(self) -> Response:
        """Say that somebody is here."""
        return Response(status_code=NO_CONTENT)

    async def ping_head(self, _: Request) -> Response:
        """The same without a word."""
        return await self.ping()

    async def query(self, request: Request) -> Response:
        """Answer CREATE DATABASE, with which version 1 clients begin: there is nothing to make."""
        self._door.enter(request, WRITE_METRICS)
        async with self._room.read(request) as body:
            asked = body.decode("utf-8", "replace").replace("+", " ").replace("%20", " ").lower()
        asked += request.query_params.get("q", "").lower()
        if CREATE_DATABASE not in asked:
            raise Problem(INVALID_REQUEST, "Nothing can be asked here: metrics are in ClickHouse.")
        return json_answer({"results": [{"statement_id": 0}]})

    async def _write(self, request: Request, limited: Kind) -> Response:
        try:
            principal = self._door.enter(request, WRITE_METRICS, limited)
            step_ns = unit_ns(request.query_params.get("precision", ""))
            async with self._room.read(request) as body:
                receipt = await self._ingest.take_lines(
                    principal, body, step_ns, request.headers.get("idempotency-key", "")
                )
        except Problem as problem:
            return self._refused(problem)
        headers = self._door.rate_headers(principal)
        if receipt.texts:
            headers[TEXTS_HEADER] = str(receipt.texts)
        return Response(status_code=NO_CONTENT, headers=headers)

    def _refused(self, problem: Problem) -> Response:
        """The same problem document, with the members that clients of InfluxDB show to people."""
        prefix = "partial write: " if problem.kind is LINES_REJECTED else ""
        text = prefix + problem.detail
        return problem_answer(problem, self._now_ms(), {"error": text, "code": "invalid", "message": text})
