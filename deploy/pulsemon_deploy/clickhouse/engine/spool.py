"""A file in memory that the engine reads back: the only way of inserting whose errors all surface.

The engine's streaming insert reports success when a constraint, a view or the table refuses the rows, and data inside
the text of a statement ends at its first blank line. A statement that reads a file raises, and deduplicates like a
server's.
"""

import os
from types import TracebackType
from typing import Self

from pulsemon_deploy.clickhouse.engine.errors import TOO_LARGE_STRING, EngineError


class Spool:
    """Bytes of one insert, at most ``limit_bytes``. Use as a context manager: the memory is given back at its end."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self.size_bytes = 0
        self.descriptor = os.memfd_create("pulsemon-insert", os.MFD_CLOEXEC)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self.descriptor)

    @property
    def path(self) -> str:
        """A name under which this process, and no other user's, opens the file from its start."""
        return f"/proc/self/fd/{self.descriptor}"

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Appends. EngineError 131 beyond the limit."""
        self.size_bytes += len(data)
        if self.size_bytes > self._limit_bytes:
            raise EngineError(
                TOO_LARGE_STRING,
                f"the data of this insert is larger than {self._limit_bytes} bytes; nothing was stored; "
                "send it in smaller parts",
            )
        with memoryview(data) as whole:
            written = 0
            while written < len(whole):
                written += os.write(self.descriptor, whole[written:])

    def read_start(self, size_bytes: int) -> bytes:
        """The first bytes, at most ``size_bytes``."""
        return os.pread(self.descriptor, size_bytes, 0)

    def write_rest_of(self, other: "Spool", offset: int) -> None:
        """Appends what ``other`` holds from ``offset`` on, without a copy through this program."""
        while offset < other.size_bytes:
            moved = os.sendfile(self.descriptor, other.descriptor, offset, other.size_bytes - offset)
            offset += moved
            self.size_bytes += moved
