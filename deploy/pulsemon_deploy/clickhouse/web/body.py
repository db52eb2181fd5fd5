"""A request's body: from the connection into the engine's file, never whole in this program's memory."""

from collections.abc import Iterator, Mapping
from typing import Protocol

from pulsemon_deploy.clickhouse.engine.errors import BAD_ARGUMENTS, INCORRECT_DATA, NOT_IMPLEMENTED, EngineError
from pulsemon_deploy.clickhouse.engine.spool import Spool
from pulsemon_deploy.clickhouse.web.decoding import decoder

PART_BYTES = 1 << 18
LONGEST_LINE_BYTES = 1 << 10


class Input(Protocol):
    """What a connection offers for reading."""

    def readinto1(self, buffer: memoryview, /) -> int:
        """Fills at most the buffer with what is there, at least a byte; 0 at the end."""
        ...

    def readline(self, limit: int, /) -> bytes:
        """A line with its end."""
        ...


def receive(source: Input, headers: Mapping[str, str], spool: Spool) -> None:
    """Writes the decoded body to the spool. EngineError for what cannot be decoded; EOFError if the client left."""
    if headers.get("Content-Type", "").lower().startswith("multipart/form-data"):
        raise EngineError(NOT_IMPLEMENTED, "external data is not supported here: use the native port")
    write = decoder(headers.get("Content-Encoding", ""), spool)
    for part in _parts(source, headers):
        write.feed(part)
    write.finish()


def _parts(source: Input, headers: Mapping[str, str]) -> Iterator[memoryview]:
    coding = headers.get("Transfer-Encoding", "identity").lower()
    if coding == "chunked":
        yield from _chunks(source)
    elif coding == "identity":
        yield from _exactly(source, _number(headers.get("Content-Length", "0"), 10))
    else:
        raise EngineError(BAD_ARGUMENTS, f"Transfer-Encoding {coding!r} is not supported: send a length, or chunks")


def _chunks(source: Input) -> Iterator[memoryview]:
    while size_bytes := _number(source.readline(LONGEST_LINE_BYTES).partition(b";")[0].decode("latin-1"), 16):
        yield from _exactly(source, size_bytes)
        source.readline(LONGEST_LINE_BYTES)
    while source.readline(LONGEST_LINE_BYTES).strip():
        pass  # trailers


def _exactly(source: Input, size_bytes: int) -> Iterator[memoryview]:
    buffer = memoryview(bytearray(min(PART_BYTES, size_bytes)))
    while size_bytes:
        count = source.readinto1(buffer[: min(size_bytes, len(buffer))])
        if not count:
            raise EOFError
        yield buffer[:count]
        size_bytes -= count


def _number(text: str, base: int) -> int:
    try:
        number = int(text.strip(), base)
    except ValueError:
        number = -1
    if number < 0:
        raise EngineError(INCORRECT_DATA, f"{text!r} is not the length of a body; nothing was stored")
    return number
