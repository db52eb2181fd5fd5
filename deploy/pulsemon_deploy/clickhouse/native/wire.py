"""Values as the protocol writes them, and the packets of a server."""

import struct
from collections.abc import Iterable

from pulsemon_deploy.clickhouse.engine.errors import EngineError

# what clients send
HELLO, QUERY, DATA, CANCEL, PING = range(5)

# what servers send: data with an empty table name and the block info that says "not special"
DATA_HEAD = b"\x01\x00" + b"\x01\x00" + b"\x02\xff\xff\xff\xff" + b"\x00"
PONG = b"\x04"
END_OF_STREAM = b"\x05"

ColumnType = tuple[str, str]


def varint(number: int) -> bytes:
    """An unsigned number, 7 bits a byte, lowest first."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def string(value: str) -> bytes:
    """Length and bytes."""
    data = value.encode("utf-8", "surrogateescape")
    return varint(len(data)) + data


def hello(version: tuple[int, ...], revision: int, timezone: str, display_name: str) -> bytes:
    """The server's greeting. ``version``: major, minor, patch."""
    major, minor, patch = version
    numbers = varint(major) + varint(minor) + varint(revision)
    return b"\x00" + string("ClickHouse") + numbers + string(timezone) + string(display_name) + varint(patch)


def exception(error: EngineError) -> bytes:
    """The packet of a failed statement."""
    text = f"DB::Exception: {error.text}"
    return b"\x02" + struct.pack("<i", error.code) + string("DB::Exception") + string(text) + string("") + b"\x00"


def header_block(columns: Iterable[ColumnType]) -> bytes:
    """A data packet without rows: names and types."""
    columns = list(columns)
    body = b"".join(string(name) + string(kind) for name, kind in columns)
    return DATA_HEAD + varint(len(columns)) + b"\x00" + body


def profile(rows: int, blocks: int, size_bytes: int) -> bytes:
    """What a query returned. Not part of the answer to an INSERT."""
    return b"\x06" + varint(rows) + varint(blocks) + varint(size_bytes) + b"\x00" + varint(0) + b"\x00"


def progress(read_rows: int = 0, read_bytes: int = 0, written_rows: int = 0, written_bytes: int = 0) -> bytes:
    """What a statement read and wrote."""
    return b"\x03" + varint(read_rows) + varint(read_bytes) + varint(0) + varint(written_rows) + varint(written_bytes)
