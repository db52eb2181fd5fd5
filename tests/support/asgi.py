"""Calls an ASGI application as a server would, one request at a time, without a network."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from starlette.types import ASGIApp, Message


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; header names are in small letters."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


def get(app: ASGIApp, url: str, headers: Mapping[str, str] | None = None, method: str = "GET") -> Answer:
    """GET, or another method; the Host is that of the URL unless headers say otherwise."""
    sent = _run(app, _scope("http", url, headers) | {"method": method}, {"type": "http.request", "body": b""})
    start = next(message for message in sent if message["type"] == "http.response.start")
    body = b"".join(message.get("body", b"") for message in sent if message["type"] == "http.response.body")
    return Answer(start["status"], {name.decode(): value.decode() for name, value in start["headers"]}, body)


def websocket_messages(app: ASGIApp, url: str, headers: Mapping[str, str] | None = None) -> list[str]:
    """Opens a websocket and returns the types of the messages that the application sends."""
    sent = _run(app, _scope("websocket", url, headers), {"type": "websocket.connect"})
    return [message["type"] for message in sent]


def _scope(kind: str, url: str, headers: Mapping[str, str] | None) -> dict[str, object]:
    parts = urlsplit(url)
    sent = {"host": parts.netloc, **(headers or {})}
    return {
        "type": kind,
        "path": unquote(parts.path),
        "raw_path": parts.path.encode(),
        "query_string": parts.query.encode(),
        "root_path": "",
        "headers": [(name.encode(), value.encode()) for name, value in sent.items()],
    }


def _run(app: ASGIApp, scope: dict[str, object], first: Message) -> list[Message]:
    sent: list[Message] = []
    waiting = [first]

    async def receive() -> Message:
        return waiting.pop() if waiting else {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    async def call() -> None:
        await app(scope, receive, send)

    asyncio.run(call())
    return sent
