"""How the web server reads what comes before a body, the first line and the headers: within bounds."""

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_SECONDS = 20.0
"""From the first byte of a request, and for a new connection until it sends a whole head."""
MAX_HEAD_BYTES = 64 * 1024


class BoundedHead(HttpToolsProtocol):
    """A connection whose sender is too slow, or too long, before the body is closed without a word."""

    _timer: asyncio.TimerHandle | None = None
    _head_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as its base has it
        """A head is awaited from now on."""
        super().connection_made(transport)
        self._await_head()

    def on_message_begin(self) -> None:
        """The first byte of a further request."""
        super().on_message_begin()
        if self._timer is None:
            self._await_head()

    def on_headers_complete(self) -> None:
        """The head is there; the body has bounds of its own."""
        self._end_wait()
        super().on_headers_complete()

    def data_received(self, data: bytes) -> None:
        """Counts what belongs to a head that is not complete."""
        super().data_received(data)
        if self._timer is not None:
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEAD_BYTES:
                self._close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing more is awaited."""
        self._end_wait()
        super().connection_lost(exc)

    def _await_head(self) -> None:
        self._head_bytes = 0
        self._timer = self.loop.call_later(HEAD_SECONDS, self._close)

    def _end_wait(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _close(self) -> None:
        self._end_wait()
        if not self.transport.is_closing():
            self.transport.close()
