"""One supervisor for one home: a lock that the kernel frees with the process that holds it, however that ends."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pulsemon_schemas.errors import PermanentError


class AlreadyRunningError(PermanentError):
    """Another supervisor runs on the same home."""


@contextmanager
def only_one(lock_file: Path) -> Iterator[None]:
    """Holds the lock, with this process's id in the file. AlreadyRunningError names the process that has it."""
    handle = os.open(lock_file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _take(handle, lock_file)
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(handle)


def holder(lock_file: Path) -> int | None:
    """The process id of the supervisor that runs, or None."""
    try:
        handle = os.open(lock_file, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return int(os.pread(handle, 20, 0).decode().strip() or 0)
    else:
        return None
    finally:
        os.close(handle)


def _take(handle: int, lock_file: Path) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        pid = os.pread(handle, 20, 0).decode().strip()
        raise AlreadyRunningError(
            f"Pulse Monitor already runs on {lock_file.parent.parent} (process {pid}); it was left alone. "
            "See it with `pulsemon status`, stop it with `pulsemon down`, or set PULSEMON_LOCAL_HOME for a second one."
        ) from error
