"""Many connections that send requests made before, each the next one when its answer is there."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import cast

ACCEPTED = b"HTTP/1.1 202"
HEAD_END = b"\r\n\r\n"
LENGTH = b"content-length: "


@dataclass(slots=True)
class Load:
    """What is left to send, and how long each answer took. An answer other than 202 ends the run."""

    requests: Iterator[bytes]
    finished: "asyncio.Future[None]"
    open_connections: int
    seconds: list[float] = field(default_factory=list)

    def connection_ended(self) -> None:
        """One has nothing left to send."""
        self.open_connections -= 1
        if not self.open_connections and not self.finished.done():
            self.finished.set_result(None)


class Sender(asyncio.Protocol):
    """One connection."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._buffer = b""
        self._began = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Sends the first request."""
        # uvloop's transports are no subclass of the abstract one
        self._transport = cast(asyncio.Transport, transport)
        self._next()

    def data_received(self, data: bytes) -> None:
        """Looks whether the answer is complete."""
        self._buffer += data
        head, end, body = self._buffer.partition(HEAD_END)
        if not end:
            return
        lowered = head.lower()
        at = lowered.find(LENGTH)
        length = int(lowered[at + len(LENGTH) :].split(b"\r\n", 1)[0]) if at >= 0 else 0
        if len(body) < length:
            return
        self._load.seconds.append(time.perf_counter() - self._began)
        if not head.startswith(ACCEPTED):
            self._fail(self._buffer)
            return
        self._buffer = b""
        self._next()

    def connection_lost(self, exc: Exception | None) -> None:
        """Ends the run if it was not we who closed it."""
        if exc is not None:
            self._fail(str(exc).encode())

    def _next(self) -> None:
        request = next(self._load.requests, None)
        if request is None:
            self._transport.close()
            self._load.connection_ended()
            return
        self._began = time.perf_counter()
        self._transport.write(request)

    def _fail(self, answer: bytes) -> None:
        if not self._load.finished.done():
            self._load.finished.set_exception(RuntimeError(f"the gateway answered {answer[:400]!r}"))


async def send(port: int, requests: Sequence[bytes], connections: int) -> list[float]:
    """Sends all requests over so many connections; how long each answer took, in seconds."""
    loop = asyncio.get_running_loop()
    load = Load(iter(requests), loop.create_future(), connections)
    for _ in range(connections):
        await loop.create_connection(lambda: Sender(load), "127.0.0.1", port)
    await load.finished
    return load.seconds
