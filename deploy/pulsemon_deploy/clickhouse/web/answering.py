"""Answers as HTTP has them."""

from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler

from pulsemon_deploy.clickhouse.engine.errors import (
    ACCESS_DENIED,
    AUTHENTICATION_FAILED,
    BAD_ARGUMENTS,
    CANNOT_DECOMPRESS,
    INCORRECT_DATA,
    NOT_IMPLEMENTED,
    READONLY,
    SYNTAX_ERROR,
    TOO_LARGE_STRING,
    EngineError,
)

TEXT = "text/plain; charset=UTF-8"
CONTENT_TYPES: Mapping[str, str] = {
    "JSON": "application/json; charset=UTF-8",
    "JSONCompact": "application/json; charset=UTF-8",
    "JSONEachRow": "application/x-ndjson; charset=UTF-8",
    "JSONCompactEachRow": "application/x-ndjson; charset=UTF-8",
    "CSV": "text/csv; charset=UTF-8",
    "TabSeparated": "text/tab-separated-values; charset=UTF-8",
    "TSV": "text/tab-separated-values; charset=UTF-8",
}
STATUSES: Mapping[int, int] = {
    **dict.fromkeys((6, 26, 27, 117, SYNTAX_ERROR, BAD_ARGUMENTS, INCORRECT_DATA, CANNOT_DECOMPRESS), 400),
    **dict.fromkeys((ACCESS_DENIED, AUTHENTICATION_FAILED, READONLY), 403),
    **dict.fromkeys((46, 47, 60, 81, 115), 404),
    159: 408,
    TOO_LARGE_STRING: 413,
    NOT_IMPLEMENTED: 501,
}


def send_text(
    handler: BaseHTTPRequestHandler, status: int, text: str, headers: Mapping[str, str] | None = None
) -> None:
    """A short text."""
    data = text.encode("utf-8", "replace")
    _send_head(handler, status, TEXT, {**(headers or {}), "Content-Length": str(len(data))})
    handler.wfile.write(data)


def send_error(handler: BaseHTTPRequestHandler, error: EngineError) -> None:
    """What went wrong, with its number in a header."""
    text = f"Code: {error.code}. DB::Exception: {error.text}\n"
    headers = {"X-ClickHouse-Exception-Code": str(error.code), "Connection": "close"}
    send_text(handler, STATUSES.get(error.code, 500), text, headers)


def send_parts(
    handler: BaseHTTPRequestHandler, output_format: str, headers: Mapping[str, str], parts: Iterator[bytes]
) -> None:
    """An answer whose length is not known. One that breaks off lacks its end, so that no client takes it for whole."""
    kind = CONTENT_TYPES.get(output_format, "application/octet-stream")
    _send_head(handler, 200, kind, {**headers, "Transfer-Encoding": "chunked"})
    for part in parts:
        if part:
            handler.wfile.write(b"%x\r\n" % len(part))
            handler.wfile.write(part)
            handler.wfile.write(b"\r\n")
    handler.wfile.write(b"0\r\n\r\n")


def _send_head(handler: BaseHTTPRequestHandler, status: int, content_type: str, headers: Mapping[str, str]) -> None:
    handler.send_response(status)
    handler.send_header("Content-Type", content_type)
    for name, value in headers.items():
        handler.send_header(name, value)
    handler.end_headers()
