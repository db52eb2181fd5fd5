"""Requests of the HTTP port, one after the other on a connection that stays open."""

import json
import logging
import socket
import uuid
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from http.server import BaseHTTPRequestHandler
from typing import Any, cast

from pulsemon_deploy.clickhouse.access.browsers import refusal
from pulsemon_deploy.clickhouse.engine.database import TIMEZONE
from pulsemon_deploy.clickhouse.engine.errors import ACCESS_DENIED, EngineError
from pulsemon_deploy.clickhouse.engine.spool import Spool
from pulsemon_deploy.clickhouse.front import Front
from pulsemon_deploy.clickhouse.web import answering
from pulsemon_deploy.clickhouse.web.body import Input, receive
from pulsemon_deploy.clickhouse.web.parameters import Parameters, read_parameters
from pulsemon_deploy.clickhouse.web.statement import Answer, Statement

log = logging.getLogger(__name__)

TOO_MANY = (
    b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\n"
    b"X-ClickHouse-Exception-Code: 203\r\nContent-Length: 0\r\n\r\n"
)


def serve_client(client: socket.socket, front: Front) -> None:
    """Answers a client's requests until it leaves."""
    with suppress(EOFError, OSError):  # it left
        Handler(client, front)


def refuse_client(client: socket.socket) -> None:
    """Tells a client that too many are connected."""
    client.sendall(TOO_MANY)


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    timeout = 600.0  # of silence between requests

    def __init__(self, client: socket.socket, front: Front) -> None:
        self._front = front
        super().__init__(client, client.getpeername(), cast("Any", None))

    def do_GET(self) -> None:
        """Reads only."""
        self._handle(is_safe=True)

    def do_POST(self) -> None:
        """Runs any statement the login may run."""
        self._handle(is_safe=False)

    def version_string(self) -> str:
        """The Server header, without versions."""
        return "ClickHouse (pulsemon)"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the base class
        """Requests hold SQL and data: they are not logged."""

    def _handle(self, *, is_safe: bool) -> None:
        headers = cast("Mapping[str, str]", self.headers)  # it has what a mapping has, and finds names in any case
        if (reason := refusal(headers)) is not None:
            self._fail(EngineError(ACCESS_DENIED, reason))
            return
        parameters = read_parameters(self.path, headers)
        if parameters.path == "/ping":
            answering.send_text(self, 200, "Ok.\n")
        elif parameters.path != "/":
            answering.send_text(self, 404, f"There is no handle {parameters.path}\n")
        elif is_safe and not parameters.query:
            answering.send_text(self, 200, "Ok.\n")
        else:
            self._run(parameters, is_safe=is_safe)

    def _run(self, parameters: Parameters, *, is_safe: bool) -> None:
        token = uuid.uuid4().hex
        with ExitStack() as stack:
            try:
                login = self._front.logins.verify(parameters.user, parameters.password)
                body = stack.enter_context(Spool(self._front.settings.body_bytes))
                receive(cast("Input", self.rfile), cast("Mapping[str, str]", self.headers), body)
                connection = self._front.database.connect(login, token)
                stack.callback(connection.close)
                stack.enter_context(self._front.watcher.watching(self.connection, token))
                answer = Statement(self._front, login, connection, parameters, is_safe=is_safe).run(body)
            except EngineError as error:
                self._fail(error)
                return
            self._send(answer)

    def _send(self, answer: Answer) -> None:
        summary = {
            "read_rows": str(answer.read_rows),
            "written_rows": str(answer.written_rows),
            "written_bytes": str(answer.written_bytes),
        }
        headers = {
            "X-ClickHouse-Format": answer.output_format,
            "X-ClickHouse-Timezone": TIMEZONE,
            "X-ClickHouse-Summary": json.dumps(summary),
        }
        try:
            answering.send_parts(self, answer.output_format, headers, answer.parts)
        except EngineError as error:
            log.warning("an answer broke off with code %s; its connection was closed", error.code)
            self.close_connection = True

    def _fail(self, error: EngineError) -> None:
        # what follows on the connection may be the rest of a body that nobody read
        self.close_connection = True
        answering.send_error(self, error)
