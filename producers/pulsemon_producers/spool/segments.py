"""The files of the spool: records are appended to the newest, and the oldest goes as a whole."""

import itertools
import os
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from pulsemon_producers.spool.record import Found, scan
from pulsemon_producers.spool.state import Mark

SUFFIX = ".segment"
SHARE = 16
"""A segment is this share of the spool, within the bounds: so much is dropped at once when it is full."""
MIN_SEGMENT_BYTES = 64 * 1024
MAX_SEGMENT_BYTES = 1024 * 1024


@dataclass(slots=True)
class Segment:
    """One file; ``before`` is the place of the record before its first."""

    path: Path
    before: Mark
    size_bytes: int


class Segments:
    """All segments in ``folder``, oldest first. Not thread-safe. Methods raise OSError."""

    def __init__(self, folder: Path, max_bytes: int) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._folder = folder
        self._max_bytes = max_bytes
        self._segment_bytes = min(max(max_bytes // SHARE, MIN_SEGMENT_BYTES), MAX_SEGMENT_BYTES)
        self._segments = _found(folder)
        self._handle: int | None = None
        self._next_read: tuple[int, Path, int] | None = None

    @property
    def size_bytes(self) -> int:
        """Bytes of all files."""
        return sum(segment.size_bytes for segment in self._segments)

    @property
    def max_bytes(self) -> int:
        """The bound."""
        return self._max_bytes

    def first(self) -> Mark:
        """The place before the first record that may be there."""
        return self._segments[0].before if self._segments else Mark()

    def last(self) -> Mark:
        """The last whole record, or the place where the newest file begins."""
        for segment in reversed(self._segments):
            marks = [Mark(found.serial, found.samples_through) for found in scan(_bytes(segment.path))]
            if marks:
                return max(marks)
        return self._segments[-1].before if self._segments else Mark()

    def has_room(self, count_bytes: int) -> bool:
        """True if a record of so many bytes fits below the bound."""
        return self.size_bytes + count_bytes <= self._max_bytes

    def append(self, record: bytes, before: Mark) -> None:
        """Writes the record that comes after ``before``. Survives the end of the process, not that of the machine.

        After an error nothing of the record is left.
        """
        newest = self._segments[-1] if self._segments else None
        if self._handle is None or newest is None or newest.size_bytes + len(record) > self._segment_bytes:
            self.begin_new(before)
            newest = self._segments[-1]
        assert self._handle is not None
        try:
            written = os.write(self._handle, record)
            while written < len(record):
                written += os.write(self._handle, record[written:])
        except OSError:
            os.ftruncate(self._handle, newest.size_bytes)
            raise
        newest.size_bytes += len(record)

    def duplicate(self) -> int | None:
        """A descriptor of the newest file for another thread, which closes it; None if none is open."""
        return None if self._handle is None else os.dup(self._handle)

    def begin_new(self, before: Mark) -> None:
        """What comes next goes to a new file."""
        self.close()
        if self._segments and self._segments[-1].before == before:
            self._segments.pop()
        path = self._folder / f"{before.serial:020}-{before.samples:020}{SUFFIX}"
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_CLOEXEC
        self._handle = os.open(path, flags, 0o600)
        self._segments.append(Segment(path, before, 0))
        _sync_folder(self._folder)

    def read(self, after: int) -> Iterator[Found]:
        """Whole records with a serial above ``after``, in order; each once, whatever a damaged disk holds."""
        last = after
        for segment, following in itertools.zip_longest(self._segments, self._segments[1:]):
            if following is not None and following.before.serial <= after:
                continue
            for found in scan(_bytes(segment.path), self._start(segment, after)):
                if found.serial > last:
                    last = found.serial
                    self._next_read = (last, segment.path, found.end)
                    yield found

    def end_of_oldest(self, after: int) -> Mark | None:
        """The last place of the oldest segment that goes beyond ``after``; None if only the newest does."""
        return next((one.before for one in self._segments[1:] if one.before.serial > after), None)

    def finished(self, through: int, needed: Collection[int]) -> list[Segment]:
        """Segments with no serial above ``through`` and none of the ``needed`` ones; the newest stays."""
        old = itertools.takewhile(lambda pair: pair[1].before.serial <= through, itertools.pairwise(self._segments))
        return [
            one for one, following in old if not any(one.before.serial < n <= following.before.serial for n in needed)
        ]

    def remove(self, segments: list[Segment]) -> None:
        """Deletes files."""
        for segment in segments:
            segment.path.unlink(missing_ok=True)
            self._segments.remove(segment)

    def close(self) -> None:
        """Syncs and lets go of the newest file."""
        if self._handle is not None:
            handle, self._handle = self._handle, None
            try:
                os.fdatasync(handle)
            finally:
                os.close(handle)

    def _start(self, segment: Segment, after: int) -> int:
        """Where to look for ``after`` and later: reading goes on where it ended."""
        if self._next_read is not None and self._next_read[:2] == (after, segment.path):
            return self._next_read[2]
        return 0


def _found(folder: Path) -> list[Segment]:
    segments = []
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        serial, _, samples = path.name.removesuffix(SUFFIX).partition("-")
        if serial.isdigit() and samples.isdigit():
            segments.append(Segment(path, Mark(int(serial), int(samples)), path.stat().st_size))
    return segments


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
