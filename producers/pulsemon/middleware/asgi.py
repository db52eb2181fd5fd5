"""Around an ASGI application."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from pulsemon.middleware.exchange import Exchange, Exchanges, Instruments
from pulsemon.middleware.routes import Route, known

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

START, BODY, PATH = "http.response.start", "http.response.body", "http.response.pathsend"


class AsgiMiddleware:
    """Measures each HTTP request of ``app`` with ``client``; websockets and lifespan pass through untouched.

    A request ends with the last part of its body, not with the background tasks behind it. ``route`` finds the
    template of a request in its scope; the ready ones are in ``pulsemon.middleware.routes``. Put it outermost:
    FastAPI's and Starlette's ``app.add_middleware(AsgiMiddleware, client=client)`` as the last one added.

    >>> import asyncio
    >>> from pulsemon.testing import MemoryClient
    >>> async def app(scope, receive, send):
    ...     scope["pulsemon.route"] = "/orders/{id}"
    ...     await send({"type": "http.response.start", "status": 200, "headers": []})
    ...     await send({"type": "http.response.body", "body": b"seven"})
    >>> async def answer(message):
    ...     print(message["type"])
    >>> client = MemoryClient()
    >>> measured = AsgiMiddleware(app, client)
    >>> asyncio.run(measured({"type": "http", "method": "GET", "path": "/orders/7"}, None, answer))
    http.response.start
    http.response.body
    >>> labels = {"http.route": "/orders/{id}", "http.request.method": "GET", "http.response.status_class": "2xx"}
    >>> client.value("http.server.request.duration.count", **labels)
    1.0
    """

    def __init__(self, app: Application, client: Instruments, *, route: Route = known) -> None:
        self._app = app
        self._exchanges = Exchanges(client, route)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """As ASGI has it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        exchange = self._exchanges.begin(scope.get("method"), scope)
        try:
            await self._app(scope, receive, _watched(send, exchange))
        except BaseException as error:
            exchange.failed(error)
            raise
        finally:
            exchange.end()


def _watched(send: Send, exchange: Exchange) -> Send:
    async def watch(message: Message) -> None:
        kind = message["type"]
        if kind == START:
            exchange.answered(message.get("status"))
        await send(message)
        if kind == PATH or (kind == BODY and not message.get("more_body", False)):
            exchange.end()

    return watch
