"""The engine's HTTP port by http.client."""

import http.client
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass

from pulsemon_sinks.clickhouse.settings import ClickHouseSettings


@dataclass
class Port:
    """Requests of one login in one database."""

    connection: http.client.HTTPConnection
    settings: ClickHouseSettings

    def send(
        self, sql: str, body: bytes | Iterator[bytes] = b"", headers: dict[str, str] | None = None, **parameters: str
    ) -> tuple[int, bytes, dict[str, str]]:
        query = urllib.parse.urlencode({"query": sql, "database": self.settings.database, **parameters})
        login = {"X-ClickHouse-User": self.settings.user, "X-ClickHouse-Key": self.settings.password.reveal()}
        self.connection.request("POST", f"/?{query}", body, {**login, **(headers or {})})
        answer = self.connection.getresponse()
        return answer.status, answer.read(), dict(answer.getheaders())

    def text(self, sql: str, body: bytes | Iterator[bytes] = b"", **parameters: str) -> str:
        status, data, _ = self.send(sql, body, None, **parameters)
        assert status == 200, data
        return data.decode().strip()

    def code(self, sql: str, body: bytes = b"", headers: dict[str, str] | None = None, **parameters: str) -> int:
        status, data, answered = self.send(sql, body, headers, **parameters)
        assert status >= 400
        assert data.decode().startswith(f"Code: {answered['X-ClickHouse-Exception-Code']}. DB::Exception: ")
        return int(answered["X-ClickHouse-Exception-Code"])


def open_port(settings: ClickHouseSettings) -> Port:
    """A connection of a login; its user closes it."""
    return Port(http.client.HTTPConnection("127.0.0.1", settings.http_port, timeout=30), settings)
