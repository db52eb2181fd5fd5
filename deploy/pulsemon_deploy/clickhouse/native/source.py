"""Bytes that arrive: a growing window with a place, read as the protocol writes values."""

import socket
import struct

from pulsemon_deploy.clickhouse.engine.errors import INCORRECT_DATA, TOO_LARGE_STRING, ProtocolError

LONGEST_STRING_BYTES = 1 << 30
LONGEST_SKIP_BYTES = 1 << 31
SMALLEST_READ_BYTES = 1 << 16
LARGEST_READ_BYTES = 1 << 20

_U64 = struct.Struct("<Q")


class Source:
    """A window over a socket, or over bytes that are all there. EOFError where they end."""

    def __init__(self, connection: socket.socket | None = None, data: bytes = b"") -> None:
        self._connection = connection
        self._window = bytearray(data)
        self.place = 0

    @property
    def unread(self) -> memoryview:
        """What has arrived and was not read yet; release it before the next read."""
        return memoryview(self._window)[self.place :]

    @property
    def read(self) -> memoryview:
        """What was read since ``forget``; release it before the next read."""
        return memoryview(self._window)[: self.place]

    def forget(self) -> None:
        """Drops what was read."""
        if self.place:
            del self._window[: self.place]
            self.place = 0

    def skip(self, size_bytes: int) -> None:
        """Moves on over bytes."""
        if size_bytes > LONGEST_SKIP_BYTES:
            raise ProtocolError(
                TOO_LARGE_STRING, "a column of this block is larger than 2 GiB; nothing was stored; send smaller blocks"
            )
        self._need(size_bytes)
        self.place += size_bytes

    def byte(self) -> int:
        """One byte as a number."""
        self._need(1)
        value = self._window[self.place]
        self.place += 1
        return value

    def varint(self) -> int:
        """A number of at most 64 bits."""
        value = shift = 0
        while (part := self.byte()) > 0x7F:
            value |= (part & 0x7F) << shift
            shift += 7
            if shift > 63:
                raise ProtocolError(INCORRECT_DATA, "a number in the protocol has no end; the connection is closed")
        return value | part << shift

    def u64(self) -> int:
        """8 bytes, lowest first."""
        self._need(8)
        (value,) = _U64.unpack_from(self._window, self.place)
        self.place += 8
        return int(value)

    def string(self) -> str:
        """Length and bytes; what is no UTF-8 survives as surrogates."""
        size_bytes = self.varint()
        if size_bytes > LONGEST_STRING_BYTES:
            raise ProtocolError(
                TOO_LARGE_STRING, "a string in the protocol is larger than 1 GiB; the connection is closed"
            )
        self._need(size_bytes)
        value = self._window[self.place : self.place + size_bytes]
        self.place += size_bytes
        return value.decode("utf-8", "surrogateescape")

    def skip_strings(self, count: int) -> None:
        """Moves on over strings; the hot loop of inserts, short strings that have arrived take the short way."""
        window, place, end = self._window, self.place, len(self._window)
        while count:
            if place < end and (size_bytes := window[place]) < 0x80 and place + size_bytes < end:
                place += size_bytes + 1
            else:
                self.place = place
                self.skip(self.varint())
                place, end = self.place, len(window)
            count -= 1
        self.place = place

    def _need(self, size_bytes: int) -> None:
        missing = self.place + size_bytes - len(self._window)
        while missing > 0:
            if self._connection is None:
                raise EOFError
            part = self._connection.recv(min(max(missing, SMALLEST_READ_BYTES), LARGEST_READ_BYTES))
            if not part:
                raise EOFError
            self._window += part
            missing -= len(part)
