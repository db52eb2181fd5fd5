"""``POST /api/v1/metrics``: batches as Avro, samples as JSON."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from fastapi import APIRouter
from pulsemon_schemas.keys import WRITE_METRICS
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pulsemon_producers.gateway.answers import JSON, json_answer
from pulsemon_producers.gateway.door import Door
from pulsemon_producers.gateway.ingest import Ingest, Receipt
from pulsemon_producers.gateway.keyring import Principal
from pulsemon_producers.gateway.openapi import METRICS_BODY, receipt_responses
from pulsemon_producers.gateway.problems import MEDIA_TYPE_UNKNOWN, Problem
from pulsemon_producers.gateway.request_body import BodyRoom

AVRO = "application/vnd.pulsemon.batches+avro"
PATH = "/api/v1/metrics"
ACCEPTED = 202

Take = Callable[[Principal, bytes, str], Awaitable[Receipt]]


def metrics_router(door: Door, room: BodyRoom, ingest: Ingest, now_ms: Callable[[], int]) -> APIRouter:
    """The route, for one gateway."""
    router = APIRouter(tags=["ingest"])

    async def take_batches(principal: Principal, body: bytes, _: str) -> Receipt:
        return await ingest.take_batches(principal, body)

    takes: Mapping[str, Take] = {AVRO: take_batches, JSON: ingest.take_json}
    more: dict[str, Any] = METRICS_BODY

    @router.post(PATH, status_code=ACCEPTED, response_class=Response, openapi_extra=more, responses=receipt_responses())
    async def metrics(request: Request) -> Response:
        """Write metrics. 202 once the log has all of it."""
        principal = door.enter(request, WRITE_METRICS)
        take = takes.get(request.headers.get("content-type", "").partition(";")[0].strip().lower())
        if take is None:
            raise Problem(MEDIA_TYPE_UNKNOWN, f"Content-Type must be {AVRO} or {JSON}; nothing was written.")
        async with room.read(request) as body:
            receipt = await take(principal, body, request.headers.get("idempotency-key", ""))
        item = {"accepted": receipt.accepted, "server_time": now_ms()}
        return json_answer(item, ACCEPTED, door.rate_headers(principal))

    # FastAPI's route describes it; this one answers, without looking for parameters that it does not have
    router.routes.insert(0, Route(PATH, metrics, methods=["POST"]))
    return router
