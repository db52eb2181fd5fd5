"""The log of one role: everything it prints, bounded by size and number of files."""

import os
from pathlib import Path

FILE_BYTES = 5_000_000
OLD_FILES = 3


class LogFile:
    """Appends to ``path``; past ``file_bytes`` it becomes ``path.1``, that ``path.2``, and the last one goes."""

    def __init__(self, path: Path, file_bytes: int = FILE_BYTES, old_files: int = OLD_FILES) -> None:
        self.path = path
        self._file_bytes = file_bytes
        self._old_files = old_files
        self._lost_bytes = 0
        self._handle = _open(path)
        self._size_bytes = os.fstat(self._handle).st_size

    def write(self, data: bytes) -> None:
        """Appends, unbuffered. What a full disk does not take is lost, and its size noted once there is room again."""
        try:
            if self._lost_bytes:
                self._append(b"(%d bytes before this line were lost: the disk was full)\n" % self._lost_bytes)
                self._lost_bytes = 0
            self._append(data)
        except OSError:
            self._lost_bytes += len(data)

    def close(self) -> None:
        """Ends writing."""
        os.close(self._handle)

    def _append(self, data: bytes) -> None:
        if self._size_bytes and self._size_bytes + len(data) > self._file_bytes:
            self._rotate()
        written = os.write(self._handle, data)
        self._size_bytes += written
        self._lost_bytes += len(data) - written

    def _rotate(self) -> None:
        """Raises OSError when there is no new file to be had; then everything is as it was."""
        staging = self.path.with_name(f"{self.path.name}.new")
        handle = _open(staging)
        try:
            self._number_on()
            staging.replace(self.path)
        except OSError:
            os.close(handle)
            raise
        os.close(self._handle)
        self._handle, self._size_bytes = handle, 0

    def _number_on(self) -> None:
        for number in range(self._old_files - 1, 0, -1):
            if self._numbered(number).exists():
                self._numbered(number).replace(self._numbered(number + 1))
        if self.path.exists():
            self.path.replace(self._numbered(1))

    def _numbered(self, number: int) -> Path:
        return self.path.with_name(f"{self.path.name}.{number}")


def _open(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
