"""Reads the files of a folder that others write: each whole or not at all, and none that anyone could have written."""

import errno
import os
import stat
from dataclasses import dataclass, field
from pathlib import Path

from pulsemon_producers.custom.exposition.page import Series, parse_page
from pulsemon_producers.custom.trust import Owners, TrustError, opened

SUFFIX = ".prom"
MAX_FILES = 100
MAX_BYTES = 1 << 20
MAX_SAMPLES = 1000
# A FIFO opened so does not wait for its writer; a link is not followed.
_READ = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NOCTTY


@dataclass(frozen=True, slots=True)
class Found:
    """One file: how long ago it was written (None if unknown), what it says, why it is not taken ("" if it is)."""

    name: str
    age_seconds: float | None
    series: tuple[Series, ...] = ()
    problem: str = ""


def read_folder(folder: Path, owners: Owners, now_seconds: float, max_age_seconds: float) -> tuple[list[Found], int]:
    """The files in the order of their names, and how many more there are than are looked at.

    Raises OSError if the folder cannot be listed, TrustError if others may write into it.
    """
    reading = _Reading(owners, now_seconds, max_age_seconds)
    with opened(folder, owners) as descriptor:
        # a descriptor of O_PATH leads to the folder, but cannot be listed itself
        listed = Path(f"/proc/self/fd/{descriptor}").iterdir()
        names = sorted(path.name for path in listed if path.suffix == SUFFIX)
        return [reading.file(descriptor, name) for name in names[:MAX_FILES]], max(0, len(names) - MAX_FILES)


@dataclass(slots=True)
class _Reading:
    """One pass over the folder, and what it may still take of all files together."""

    owners: Owners
    now_seconds: float
    max_age_seconds: float
    size_bytes: int = MAX_BYTES
    samples: int = MAX_SAMPLES
    seen: set[tuple[str, frozenset[tuple[str, str]]]] = field(default_factory=set)

    def file(self, folder: int, name: str) -> Found:
        """What the file says; a file that is too old is not read."""
        age_seconds = None
        try:
            with os.fdopen(os.open(name, _READ, dir_fd=folder), "rb") as file:
                state = os.fstat(file.fileno())
                # a time ahead of the clock says as little about how fresh the file is
                age_seconds = abs(self.now_seconds - state.st_mtime)
                self._check(state, name)
                if age_seconds > self.max_age_seconds:
                    return Found(name, age_seconds)
                text = file.read(self.size_bytes + 1)
            return Found(name, age_seconds, self._take(text))
        except (OSError, ValueError) as error:
            return Found(name, age_seconds, (), _cause(error))

    def _check(self, state: os.stat_result, name: str) -> None:
        if not stat.S_ISREG(state.st_mode):
            raise TrustError(f"{name} is no plain file")
        self.owners.check(state, name)

    def _take(self, text: bytes) -> tuple[Series, ...]:
        """Raises ValueError for what makes no sense as a whole, what is too much, and what an earlier file said."""
        if len(text) > self.size_bytes:
            raise ValueError(f"with it the folder has more than {MAX_BYTES} bytes")
        series = parse_page(text.decode("utf-8"))
        if len(series) > self.samples:
            raise ValueError(f"with it the folder has more than {MAX_SAMPLES} samples")
        keys = {(one.sample.name, frozenset(one.sample.labels.items())) for one in series}
        if twice := keys & self.seen:
            raise ValueError(f"an earlier file has the series {min(name for name, _ in twice)}, too")
        self.seen |= keys
        self.size_bytes -= len(text)
        self.samples -= len(series)
        return tuple(series)


def _cause(error: OSError | ValueError) -> str:
    if isinstance(error, OSError) and error.errno == errno.ELOOP:
        return "it is a link, and those are not followed here"
    # what the kernel says has a number before it and a name behind it
    return getattr(error, "strerror", None) or str(error)
