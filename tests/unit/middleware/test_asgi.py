"""ASGI applications, measured from outside; FastAPI and Starlette are the real ones."""

import asyncio
import logging
from collections.abc import AsyncIterator, MutableMapping
from typing import Any

import pytest
from fastapi import APIRouter, FastAPI, HTTPException
from pulsemon.middleware import AsgiMiddleware
from pulsemon.testing import MemoryClient
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.websockets import WebSocket
from support.asgi import get, websocket_messages
from support.broken_client import BrokenClient

Scope = MutableMapping[str, Any]
DURATION, ACTIVE, ERRORS = "http.server.request.duration", "http.server.active_requests", "http.server.request.errors"
HOST = "http://shop.example"


def requests(client: MemoryClient) -> dict[str, float]:
    """How many requests there were: route, method and class of the status to number."""
    return {_short(text): value for text, value in client.values(f"{DURATION}.count").items()}


def errors(client: MemoryClient) -> dict[str, float]:
    return {_short(text): value for text, value in client.values(ERRORS).items()}


def _short(text: str) -> str:
    parts = dict(part.split("=") for part in text.split(","))
    keys = ("http.request.method", "http.route", "http.response.status_class", "exception")
    return " ".join(parts[key] for key in keys if key in parts)


def fastapi_app() -> FastAPI:
    app = FastAPI()
    inner, outer = APIRouter(prefix="/items"), APIRouter(prefix="/api/{version}")

    @inner.get("/{number}")
    async def one(version: str, number: int) -> str:
        if number == 404:
            raise HTTPException(404)
        if number == 500:
            raise KeyError("no such item")
        return f"{version} {number}"

    outer.include_router(inner)
    app.include_router(outer)
    return app


def test_requests_are_counted_by_template_and_never_by_path() -> None:
    client, app = MemoryClient(), fastapi_app()
    app.add_middleware(AsgiMiddleware, client=client)
    for number in (1, 2, 404):
        get(app, f"{HOST}/api/v1/items/{number}")
    get(app, f"{HOST}/api/v1/items/none")
    get(app, f"{HOST}/wp-login.php")
    get(app, f"{HOST}/api/v1/items/1", method="PURGE-ALL")

    assert requests(client) == {
        "GET /api/{version}/items/{number} 2xx": 2,
        "GET /api/{version}/items/{number} 4xx": 2,
        "GET other 4xx": 1,
        "_OTHER /api/{version}/items/{number} 4xx": 1,
    }
    assert client.value(ACTIVE, **{"http.request.method": "GET"}) == 0
    client.assert_nothing_dropped()


def test_an_exception_is_counted_under_its_class_and_raised_as_before() -> None:
    client, app = MemoryClient(), fastapi_app()
    app.add_middleware(AsgiMiddleware, client=client)
    with pytest.raises(KeyError, match="no such item"):
        get(app, f"{HOST}/api/v1/items/500")

    assert errors(client) == {"GET /api/{version}/items/{number} KeyError": 1}
    assert requests(client) == {"GET /api/{version}/items/{number} 5xx": 1}
    assert client.value(ACTIVE, **{"http.request.method": "GET"}) == 0


def test_starlette_with_a_mounted_application_tells_the_inner_template() -> None:
    client = MemoryClient()

    async def one(request: Request) -> PlainTextResponse:
        return PlainTextResponse("one")

    app = Starlette(routes=[Mount("/shop/{tenant}", routes=[Route("/orders/{number:int}", one)])])
    assert get(AsgiMiddleware(app, client), f"{HOST}/shop/acme/orders/7").text == "one"

    assert requests(client) == {"GET /orders/{number:int} 2xx": 1}


def test_a_streamed_body_is_measured_to_its_last_part_and_no_further() -> None:
    client = MemoryClient()
    active: list[float | None] = []

    def look() -> None:
        active.append(client.value(ACTIVE, **{"http.request.method": "GET"}))

    async def parts() -> AsyncIterator[bytes]:
        for _ in range(3):
            look()
            await asyncio.sleep(0.01)
            yield b"part"

    async def stream(request: Request) -> StreamingResponse:
        return StreamingResponse(parts(), background=BackgroundTask(look))

    measured = AsgiMiddleware(Starlette(routes=[Route("/stream", stream)]), client)

    async def server(scope: Scope, receive: Any, send: Any) -> None:
        # of a newer server, for which a stream need not watch for the end of the connection
        await measured({**scope, "asgi": {"spec_version": "2.4"}}, receive, send)

    assert get(server, f"{HOST}/stream").body == b"part" * 3

    assert active == [1, 1, 1, 0], "in flight while it streams, and not during what runs behind it"
    (seconds,) = client.values(f"{DURATION}.sum").values()
    assert seconds >= 0.03


def test_what_breaks_behind_the_answer_is_counted_too() -> None:
    client = MemoryClient()

    async def answer(request: Request) -> PlainTextResponse:
        return PlainTextResponse("fine", background=BackgroundTask(int, "none"))

    app = AsgiMiddleware(Starlette(routes=[Route("/late", answer)]), client)
    with pytest.raises(ValueError, match="invalid literal"):
        get(app, f"{HOST}/late")

    assert requests(client) == {"GET /late 2xx": 1}
    assert errors(client) == {"GET /late ValueError": 1}


def test_a_request_that_is_cancelled_has_no_status_and_is_no_error() -> None:
    client = MemoryClient()

    async def app(scope: Scope, receive: object, send: object) -> None:
        raise asyncio.CancelledError

    async def call() -> None:
        with pytest.raises(asyncio.CancelledError):
            await AsgiMiddleware(app, client)({"type": "http", "method": "GET"}, _receive, _send)

    asyncio.run(call())
    assert requests(client) == {"GET other none": 1}
    assert errors(client) == {}
    assert client.value(ACTIVE, **{"http.request.method": "GET"}) == 0


def test_websockets_and_lifespan_pass_through() -> None:
    client = MemoryClient()
    seen: list[str] = []

    async def socket(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.close()

    async def inside(scope: Scope, receive: Any, send: Any) -> None:
        seen.append(scope["type"])
        await Starlette(routes=[WebSocketRoute("/live", socket)])(scope, receive, send)

    app = AsgiMiddleware(inside, client)
    assert websocket_messages(app, f"{HOST}/live") == ["websocket.accept", "websocket.close"]
    asyncio.run(app({"type": "lifespan"}, _startup, _send))

    assert seen == ["websocket", "lifespan"]
    assert requests(client) == {}


@pytest.mark.parametrize("number", [1, 404])
def test_a_client_that_raises_changes_no_answer(number: int, caplog: pytest.LogCaptureFixture) -> None:
    client, app, plain = BrokenClient(), fastapi_app(), fastapi_app()
    app.add_middleware(AsgiMiddleware, client=client)
    url = f"{HOST}/api/v1/items/{number}"

    assert get(app, url) == get(plain, url)
    assert get(app, url) == get(plain, url)
    assert client.asked > 2
    assert [one.levelno for one in caplog.records] == [logging.WARNING], "once"


def test_a_route_callable_that_raises_makes_it_other() -> None:
    client, app = MemoryClient(), fastapi_app()

    def route(scope: object) -> str:
        raise LookupError("no idea")

    app.add_middleware(AsgiMiddleware, client=client, route=route)
    assert get(app, f"{HOST}/api/v1/items/1").status == 200
    assert requests(client) == {"GET other 2xx": 1}


def test_an_application_of_no_framework_names_its_route_itself() -> None:
    client = MemoryClient()

    async def app(scope: Scope, receive: object, send: Any) -> None:
        scope["pulsemon.route"] = "/orders/{id}"
        await send({"type": "http.response.start", "status": 302, "headers": []})
        await send({"type": "http.response.body"})

    assert get(AsgiMiddleware(app, client), f"{HOST}/orders/7").status == 302
    assert requests(client) == {"GET /orders/{id} 3xx": 1}


async def _receive() -> Scope:
    return {"type": "http.disconnect"}


async def _send(message: Scope) -> None:
    """Nobody listens."""


_LIFE = iter(["startup", "shutdown"])


async def _startup() -> Scope:
    return {"type": f"lifespan.{next(_LIFE)}"}
