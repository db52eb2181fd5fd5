"""A small real HTTP server that keeps what it acknowledges, and misbehaves when told to."""

import gzip
import json
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from pulsemon_schemas.codec import decode
from pulsemon_schemas.errors import ContractError
from pulsemon_schemas.records import MetricBatch

PATH = "/api/v1/metrics"
KEY = "pm_web1_0123456789abcdef"
CONTENT_TYPE = "application/vnd.pulsemon.batches+avro"
PROBLEM_TYPE = "application/problem+json"


@dataclass
class Script:
    """What the gateway does instead of taking a batch: ``statuses`` are used up first, in order."""

    statuses: list[int] = field(default_factory=list)
    retry_after: str = ""
    ends_before_answering: int = 0
    """So many requests are taken, and the connection is closed without a word."""
    closes_after_answer: bool = False
    hangs: bool = False
    server_time_ms: int | None = None
    raw_answer: bytes | None = None
    problem_code: str = ""
    refuses: dict[int, str] = field(default_factory=dict)
    """Codes by the sequence of a batch that has samples; all others of the request are kept."""


class StandIn:
    """The server, in threads of this process. ``batches`` are those it has kept, also the ones sent twice."""

    def __init__(self, port: int = 0, tls: ssl.SSLContext | None = None) -> None:
        self.script = Script()
        self.batches: list[MetricBatch] = []
        self.requests: list[dict[str, str]] = []
        self.connections = 0
        self.released = threading.Event()
        stand_in = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def setup(self) -> None:
                super().setup()
                stand_in.connections += 1

            def do_POST(self) -> None:
                stand_in._answer(self)

            def log_message(self, *args: Any) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._server.daemon_threads = True
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self._scheme = "http" if tls is None else "https"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        host = "127.0.0.1" if self._scheme == "http" else "localhost"
        return f"{self._scheme}://{host}:{self.port}"

    def stop(self) -> None:
        self.released.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)

    def _answer(self, request: BaseHTTPRequestHandler) -> None:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.requests.append(headers)
        body = request.rfile.read(int(headers["content-length"]))
        script = self.script
        if script.hangs:
            self.released.wait(60)
        status = self._status(request.path, headers)
        refused: list[dict[str, Any]] = []
        if status == 202:
            refused = self._keep(gzip.decompress(body) if headers.get("content-encoding") == "gzip" else body)
        if script.ends_before_answering:
            script.ends_before_answering -= 1
            request.close_connection = True
            return
        self._send(request, 422 if refused else status, refused)

    def _status(self, path: str, headers: dict[str, str]) -> int:
        if self.script.statuses:
            return self.script.statuses.pop(0)
        if path != PATH:
            return 404
        if headers.get("authorization") != f"Bearer {KEY}":
            return 401
        return 202 if headers.get("content-type") == CONTENT_TYPE else 415

    def _send(self, request: BaseHTTPRequestHandler, status: int, refused: list[dict[str, Any]]) -> None:
        script = self.script
        item: dict[str, Any] = {"server_time": script.server_time_ms or round(time.time() * 1000)}
        if status >= 400:
            item |= {"type": "about:blank", "title": "not today", "status": status}
        if script.problem_code:
            refused = [{"index": 0, "code": script.problem_code}]
        if refused:
            item["errors"] = refused
        data = script.raw_answer if script.raw_answer is not None else json.dumps(item).encode()
        request.send_response(status)
        request.send_header("Content-Type", "application/json" if status < 400 else PROBLEM_TYPE)
        request.send_header("Content-Length", str(len(data)))
        if script.retry_after and status in (429, 503):
            request.send_header("Retry-After", script.retry_after)
        if script.closes_after_answer:
            request.send_header("Connection", "close")
            request.close_connection = True
        request.end_headers()
        request.wfile.write(data)

    def _keep(self, body: bytes) -> list[dict[str, Any]]:
        """Keeps the batches of a body; what it refuses of them."""
        refused: list[dict[str, Any]] = []
        at = index = 0
        while at < len(body):
            size = int.from_bytes(body[at : at + 4], "big")
            record = decode(body[at + 4 : at + 4 + size])
            if not isinstance(record, MetricBatch):
                raise ContractError("unknown_schema")
            if record.sequence in self.script.refuses and record.values:
                refused.append({"index": index, "code": self.script.refuses[record.sequence]})
            else:
                self.batches.append(record)
            at += 4 + size
            index += 1
        return refused


@contextmanager
def standing_in(port: int = 0, tls: ssl.SSLContext | None = None) -> Iterator[StandIn]:
    """A stand-in that answers; stopped at the end."""
    stand_in = StandIn(port, tls)
    try:
        yield stand_in
    finally:
        stand_in.stop()


def key_file(folder: Path) -> Path:
    """A file with the key that the stand-in takes."""
    path = folder / "key"
    path.write_text(f"{KEY}\n")
    return path
