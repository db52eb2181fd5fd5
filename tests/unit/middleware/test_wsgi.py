"""WSGI applications, measured from outside; Flask, Django and the server are the real ones."""

import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from wsgiref.handlers import SimpleHandler
from wsgiref.util import setup_testing_defaults

import pytest
from flask import Flask, abort
from pulsemon.middleware import WsgiMiddleware
from pulsemon.testing import MemoryClient
from support.broken_client import BrokenClient

DURATION, ACTIVE, ERRORS = "http.server.request.duration", "http.server.active_requests", "http.server.request.errors"


def serve(app: Any, path: str, method: str = "GET") -> tuple[str, bytes]:
    """Status and body, asked for as wsgiref's server does; what the application raises is raised."""
    import io

    environ: dict[str, Any] = {"PATH_INFO": path, "REQUEST_METHOD": method}
    setup_testing_defaults(environ)
    out, err = io.BytesIO(), io.StringIO()
    handler = SimpleHandler(io.BytesIO(), out, err, environ)
    handler.run(app)
    head, _, body = out.getvalue().partition(b"\r\n\r\n")
    return head.decode().splitlines()[0].removeprefix("HTTP/1.0 "), body


def requests(client: MemoryClient) -> dict[str, float]:
    found = {}
    for text, value in client.values(f"{DURATION}.count").items():
        parts = dict(part.split("=") for part in text.split(","))
        found[f"{parts['http.route']} {parts['http.response.status_class']}"] = value
    return found


def flask_app() -> Flask:
    app = Flask("shop")

    @app.get("/orders/<int:number>")
    def order(number: int) -> str:
        if number == 404:
            abort(404)
        if number == 500:
            raise KeyError(number)
        return f"order {number}"

    return app


def test_flask_requests_are_counted_by_rule() -> None:
    client, app = MemoryClient(), flask_app()
    app.wsgi_app = WsgiMiddleware(app.wsgi_app, client)  # type: ignore[method-assign]
    with app.test_client() as browser:
        assert browser.get("/orders/1").data == b"order 1"
        for path in ("/orders/404", "/orders/500", "/wp-login.php"):
            assert browser.get(path, buffered=True).status_code in (404, 500)

    assert requests(client) == {
        "/orders/<int:number> 2xx": 1,
        "/orders/<int:number> 4xx": 1,
        "/orders/<int:number> 5xx": 1,
        "other 4xx": 1,
    }
    assert client.value(ACTIVE, **{"http.request.method": "GET"}) == 0


DJANGO = """
import asyncio, sys
import django
from django.conf import settings
from django.http import HttpResponse
from django.urls import path

settings.configure(
    ROOT_URLCONF=__name__, SECRET_KEY="x", ALLOWED_HOSTS=["*"], MIDDLEWARE=["pulsemon.middleware.DjangoRoute"]
)
django.setup()

def order(request, number):
    return HttpResponse(f"order {number}")

async def slow(request, number):
    return HttpResponse(f"slow {number}")

urlpatterns = [path("orders/<int:number>/", order), path("slow/<int:number>/", slow)]

from django.core.asgi import get_asgi_application
from django.core.wsgi import get_wsgi_application
from django.test import RequestFactory
from pulsemon.middleware import AsgiMiddleware, WsgiMiddleware
from pulsemon.testing import MemoryClient

client = MemoryClient()
app = WsgiMiddleware(get_wsgi_application(), client)
for url in ("/orders/7/", "/nope/"):
    body = app(RequestFactory().get(url).environ, lambda status, headers, error=None: print(status))
    b"".join(body)
    body.close()

sent = []
async def call():
    waiting = [{"type": "http.request", "body": b""}]
    async def receive():
        if waiting:
            return waiting.pop()
        await asyncio.sleep(30)
    async def send(message):
        sent.append(message)
    scope = {"type": "http", "method": "GET", "path": "/slow/7/", "query_string": b"", "headers": []}
    await AsgiMiddleware(get_asgi_application(), client)(scope, receive, send)
asyncio.run(call())
print(sent[0]["status"], sorted(client.values("http.server.request.duration.count")))
"""


def test_django_names_its_routes_for_both_kinds_of_server() -> None:
    done = subprocess.run([sys.executable, "-c", DJANGO], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[:2] == ["200 OK", "404 Not Found"]
    assert lines[2].startswith("200 ")
    assert "http.route=/orders/<int:number>/" in lines[2]
    assert "http.route=/slow/<int:number>/" in lines[2]
    assert "http.route=other" in lines[2]


class Body:
    """A body that tells when it is closed."""

    def __init__(self, look: Callable[[], object]) -> None:
        self.look = look
        self.is_closed = False

    def __iter__(self) -> Iterator[bytes]:
        for number in range(3):
            self.look()
            yield str(number).encode()

    def close(self) -> None:
        self.is_closed = True


def test_a_streamed_body_is_in_flight_until_it_is_through_and_is_closed() -> None:
    client = MemoryClient()
    active: list[float | None] = []
    body = Body(lambda: active.append(client.value(ACTIVE, **{"http.request.method": "GET"})))

    def app(environ: object, start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        return body

    assert serve(WsgiMiddleware(app, client), "/stream") == ("200 OK", b"012")
    assert active == [1, 1, 1]
    assert body.is_closed
    assert client.value(ACTIVE, **{"http.request.method": "GET"}) == 0


def test_a_body_that_is_closed_early_ends_the_request_once() -> None:
    client = MemoryClient()

    def app(environ: object, start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", [])
        return iter([b"one", b"two"])

    body: Any = WsgiMiddleware(app, client)({"REQUEST_METHOD": "GET"}, lambda *_: None)
    assert next(iter(body)) == b"one"
    body.close()
    body.close()

    assert requests(client) == {"other 2xx": 1}
    assert client.value(ACTIVE, **{"http.request.method": "GET"}) == 0


@pytest.mark.parametrize("where", ["application", "body"])
def test_an_exception_is_counted_and_raised_as_before(where: str) -> None:
    client = MemoryClient()

    def broken() -> Iterator[bytes]:
        yield b"one"
        raise KeyError("in the body")

    def app(environ: object, start_response: Any) -> Iterable[bytes]:
        if where == "application":
            raise KeyError("in the application")
        start_response("200 OK", [])
        return broken()

    with pytest.raises(KeyError, match=f"in the {where}"):
        list(WsgiMiddleware(app, client)({"REQUEST_METHOD": "GET"}, lambda *_: None))

    assert list(client.values(ERRORS)) == ["exception=KeyError,http.request.method=GET,http.route=other"]
    assert requests(client) == {"other 5xx" if where == "application" else "other 2xx": 1}
    assert client.value(ACTIVE, **{"http.request.method": "GET"}) == 0


def test_a_server_still_sees_the_length_of_a_list() -> None:
    def app(environ: object, start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", [])
        return [b"one"]

    body: Any = WsgiMiddleware(app, MemoryClient())({"REQUEST_METHOD": "GET"}, lambda *_: None)
    assert len(body) == 1
    with pytest.raises(TypeError):
        len(WsgiMiddleware(lambda *_: iter([b""]), MemoryClient())({}, lambda *_: None))  # type: ignore[arg-type]


def test_a_client_that_raises_changes_no_answer() -> None:
    client, app = BrokenClient(), flask_app()
    measured = WsgiMiddleware(app.wsgi_app, client)

    assert serve(measured, "/orders/1") == serve(app.wsgi_app, "/orders/1")
    assert client.asked > 1
