"""Servers on loopback that do what a test tells them, each on a free port and a thread of its own."""

import http.server
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

CERTIFICATES = Path(__file__).with_name("certificates")
TRUSTED = CERTIFICATES / "localhost.pem"


@dataclass
class Page:
    """What a web server answers, and what it was asked; a test may change it meanwhile."""

    body: bytes = b""
    status: int = 200
    content_type: str = "text/plain"
    asked: list[dict[str, str]] = field(default_factory=list)
    port: int = 0


@contextmanager
def web_server(page: Page, certificate: str = "") -> Iterator[Page]:
    """Answers every request with the page; by TLS if it has a certificate."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            page.asked.append({"path": self.path, "method": self.command, **dict(self.headers)})
            self.send_response(page.status)
            self.send_header("Content-Type", page.content_type)
            self.send_header("Content-Length", str(len(page.body)))
            self.end_headers()
            self.wfile.write(page.body)

        def log_message(self, *_: object) -> None:
            return

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    # a handshake that fails is the test's, not an error of the server
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(CERTIFICATES / f"{certificate}.pem", CERTIFICATES / f"{certificate}.key")
        server.socket = context.wrap_socket(server.socket, server_side=True)
    page.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield page
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def silent_server(said: bytes = b"") -> Iterator[int]:
    """Takes connections, says ``said`` and then nothing, and never closes; yields its port."""
    taken: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        stop = threading.Event()
        server.settimeout(0.02)

        def serve() -> None:
            while not stop.is_set():
                try:
                    connection, _ = server.accept()
                except TimeoutError:
                    continue
                taken.append(connection)
                connection.sendall(said)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            stop.set()
            thread.join()
            for connection in taken:
                connection.close()


@contextmanager
def dripping_server(byte: bytes, pause_seconds: float) -> Iterator[int]:
    """Sends one byte after the other, for ever; yields its port."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        stop = threading.Event()
        server.settimeout(0.02)

        def serve() -> None:
            while not stop.is_set():
                try:
                    connection, _ = server.accept()
                except TimeoutError:
                    continue
                with connection:
                    drip(connection)

        def drip(connection: socket.socket) -> None:
            try:
                while not stop.wait(pause_seconds):
                    connection.sendall(byte)
            except OSError:
                return

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            stop.set()
            thread.join()


def closed_port() -> int:
    """A port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port
