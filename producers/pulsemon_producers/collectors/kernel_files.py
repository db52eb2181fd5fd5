"""Files of the kernel, in as few system calls as there can be; those that are read at each tick stay open."""

import os
import threading
from collections.abc import Iterator

FIRST_BYTES = 4096
"""Most files are shorter; for a longer buffer the kernel looks for memory at each read of ``/proc/sys``."""
MORE_BYTES = 65_536
MAX_OPEN = 64
"""Three times what our collectors read. One of others may ask for names that come and go."""


def read_bytes(path: str) -> bytes:
    """All that is in a small file. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return _whole(descriptor)
    finally:
        os.close(descriptor)


def read_pieces(path: str) -> Iterator[bytes]:
    """A file that may be large, a piece at a time; nothing if there is no such file."""
    try:
        with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - called at each tick, so without a Path
            while piece := file.read(MORE_BYTES):
                yield piece
    except OSError:
        return


class OpenFiles:
    """Reads files of ``/proc`` from their beginning again and again; opening one takes about as long as reading it.

    Kept are the first ``MAX_OPEN`` of the kernel; not those of processes, which end, and not those of a recorded tree,
    which another takes the place of. Thread-safe: two collectors may read the same file.
    """

    def __init__(self) -> None:
        self._kept: dict[str, _Kept] = {}

    def read(self, path: str) -> bytes:
        """All that is in the file now. Raises OSError."""
        kept = self._kept.get(path)
        if kept is None:
            if not path.startswith("/proc/") or path[6:7].isdigit() or len(self._kept) >= MAX_OPEN:
                return read_bytes(path)
            kept = self._kept.setdefault(path, _Kept(path))
        return kept.read()


class _Kept:
    """One file. What is no longer there when it is read, as that of a module that was unloaded, is opened anew."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._descriptor: int | None = None
        self._lock = threading.Lock()

    def __del__(self) -> None:
        self._close()

    def read(self) -> bytes:
        with self._lock:
            if self._descriptor is not None:
                try:
                    return _whole(self._descriptor)
                except OSError:
                    self._close()
            self._descriptor = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
            return _whole(self._descriptor)

    def _close(self) -> None:
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)


def _whole(descriptor: int) -> bytes:
    piece = os.pread(descriptor, FIRST_BYTES, 0)
    # an end is only known by reading nothing: tables come in pieces of whole rows
    more_bytes = MORE_BYTES if len(piece) == FIRST_BYTES else FIRST_BYTES
    pieces = [piece]
    length = len(piece)
    while piece:
        piece = os.pread(descriptor, more_bytes, length)
        pieces.append(piece)
        length += len(piece)
    return b"".join(pieces)
