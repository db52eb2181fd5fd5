"""The body of a request, read within bounds of size, time and memory."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.requests import ClientDisconnect, Request

from pulsemon_producers.gateway.inflation import unpacked
from pulsemon_producers.gateway.problems import BODY_TOO_LARGE, BUSY, MALFORMED, SLOW_BODY, Problem

READ_SECONDS = 20.0
RETRY_AFTER_SECONDS = 1.0


class BodyRoom:
    """How much memory bodies take together. A body is counted before it is read, packed and unpacked."""

    def __init__(self, max_body_bytes: int, max_held_bytes: int) -> None:
        self._max_body_bytes = max_body_bytes
        self._max_held_bytes = max_held_bytes
        self.held_bytes = 0

    @asynccontextmanager
    async def read(self, request: Request) -> AsyncIterator[bytes]:
        """The unpacked body, counted as held until the request is answered. Raises Problem."""
        encoding = request.headers.get("content-encoding", "").strip().lower()
        announced = self._announced(request)
        size = announced + (self._max_body_bytes if encoding not in ("", "identity") else 0)
        if self.held_bytes + size > self._max_held_bytes:
            raise Problem(
                BUSY,
                "Too many bodies are in work at once; nothing was written. Send it again in a moment.",
                retry_after_seconds=RETRY_AFTER_SECONDS,
                closes=True,
            )
        self.held_bytes += size
        try:
            yield unpacked(await self._packed(request), encoding, self._max_body_bytes)
        finally:
            self.held_bytes -= size

    def _announced(self, request: Request) -> int:
        """The size that the request announces; the largest, if it is sent in chunks."""
        length = request.headers.get("content-length", "")
        size = int(length) if length.isdigit() else self._max_body_bytes
        if size > self._max_body_bytes:
            raise self._too_large()
        return size

    async def _packed(self, request: Request) -> bytes:
        pieces: list[bytes] = []
        left = self._max_body_bytes
        try:
            async with asyncio.timeout(READ_SECONDS):
                async for piece in request.stream():
                    left -= len(piece)
                    if left < 0:
                        raise self._too_large()
                    pieces.append(piece)
        except TimeoutError:
            text = f"The body was not complete within {READ_SECONDS:.0f} s; nothing was written."
            raise Problem(SLOW_BODY, text, closes=True) from None
        except ClientDisconnect:
            raise Problem(MALFORMED, "The sender has gone before the body was complete.", closes=True) from None
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def _too_large(self) -> Problem:
        """The connection stays: what still comes is thrown away, and a sender who only writes gets to read why."""
        return Problem(
            BODY_TOO_LARGE,
            f"A body has at most {self._max_body_bytes} bytes; nothing was written. Send it in parts.",
        )
