"""What stands in a request's address and headers: the login, the statement, settings and values for placeholders."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from pulsemon_deploy.clickhouse.access.applied import Setting

PLACEHOLDER_PREFIX = "param_"

# for the interface itself, or for parts of a server's interface that do not exist here
NOT_SETTINGS = frozenset(
    {
        "query", "database", "user", "password", "default_format", "query_id", "session_id", "session_timeout",
        "session_check", "quota_key", "compress", "decompress", "wait_end_of_query", "buffer_size",
        "client_protocol_version", "role",
        "enable_http_compression", "http_zlib_compression_level", "send_progress_in_http_headers",
        "http_headers_progress_interval_ms", "log_comment",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Parameters:
    """The part of a request before its body. ``default_format`` is used by queries that name none."""

    path: str
    query: str
    database: str
    user: str
    password: str
    default_format: str
    settings: Mapping[str, Setting]
    placeholders: Mapping[str, str]


def read_parameters(target: str, headers: Mapping[str, str]) -> Parameters:
    """Takes a request's target and headers apart."""
    address = urlsplit(target)
    given = dict(parse_qsl(address.query, keep_blank_values=True, errors="surrogateescape"))
    user, password = _login(given, headers)
    default = headers.get("X-ClickHouse-Format", "TabSeparated")
    return Parameters(
        path=address.path,
        query=given.get("query", ""),
        database=given.get("database", headers.get("X-ClickHouse-Database", "")),
        user=user,
        password=password,
        default_format=given.get("default_format", default),
        settings={
            name: Setting(value, is_important=True)
            for name, value in given.items()
            if name not in NOT_SETTINGS and not name.startswith(PLACEHOLDER_PREFIX)
        },
        placeholders={
            name.removeprefix(PLACEHOLDER_PREFIX): value
            for name, value in given.items()
            if name.startswith(PLACEHOLDER_PREFIX)
        },
    )


def _login(given: Mapping[str, str], headers: Mapping[str, str]) -> tuple[str, str]:
    if "X-ClickHouse-User" in headers:
        return headers["X-ClickHouse-User"], headers.get("X-ClickHouse-Key", "")
    scheme, _, credentials = headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "basic":
        return _basic(credentials)
    return given.get("user", "default"), given.get("password", "")


def _basic(credentials: str) -> tuple[str, str]:
    try:
        user, _, password = (
            base64.b64decode(credentials, validate=True).decode("utf-8", "surrogateescape").partition(":")
        )
    except (binascii.Error, ValueError):
        return "", ""
    return user, password
