"""One request and its answer, within one deadline. A redirection is an answer like any other: it is not followed."""

import http.client
import socket
import ssl
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from pulsemon_producers.custom.net.dial import DialError, Dialler, Timing, encrypt
from pulsemon_producers.custom.net.line import Line

PORTS = {"http": 80, "https": 443}
READ_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. ``body`` is at most one byte longer than what was asked for: then there is more of it."""

    status: int
    content_type: str
    body: bytes


class Endpoint:
    """One address, asked again and again, each time by a connection of its own. Not thread-safe."""

    def __init__(self, url: str, context: ssl.SSLContext | None, timeout_seconds: float) -> None:
        parts = urllib.parse.urlsplit(url)
        self.host = parts.hostname or ""
        self.port = parts.port or PORTS[parts.scheme]
        self._path = urllib.parse.urlunsplit(("", "", parts.path or "/", parts.query, ""))
        self._context = context if parts.scheme == "https" else None
        self._is_default_port = self.port == PORTS[parts.scheme]
        self._dialler = Dialler(self.host, self.port, timeout_seconds)
        self.certificate = b""
        """What the other side showed last (DER), b"" if nothing."""

    def ask(self, method: str, headers: Mapping[str, str], max_bytes: int, timing: Timing) -> Answer:
        """The answer. Raises DialError."""
        self.certificate = b""
        line = self._dialler.dial(timing)
        try:
            if self._context is not None:
                self.certificate = encrypt(line, self._context, self.host, timing)
            return self._exchange(line, method, headers, max_bytes, timing)
        finally:
            line.hang_up()

    def close(self) -> None:
        """Lets go of the resolver's thread."""
        self._dialler.close()

    def _exchange(self, line: Line, method: str, headers: Mapping[str, str], max_bytes: int, timing: Timing) -> Answer:
        # a port that is the scheme's own is left out of the Host header, as browsers do
        connection = http.client.HTTPConnection(self.host, 80 if self._is_default_port else self.port)
        connection.sock = cast(socket.socket, line)
        try:
            with timing.phase("wait"):
                connection.request(method, self._path, headers={"Connection": "close", **headers})
                response = connection.getresponse()
            with timing.phase("transfer"), response:
                body = _read(response, max_bytes)
        except http.client.HTTPException as error:
            raise DialError("protocol", f"{type(error).__name__}: {error}") from error
        return Answer(response.status, response.getheader("Content-Type", ""), body)


def _read(response: http.client.HTTPResponse, max_bytes: int) -> bytes:
    body = bytearray()
    while len(body) <= max_bytes and (chunk := response.read(min(READ_BYTES, max_bytes + 1 - len(body)))):
        body += chunk
    return bytes(body)
