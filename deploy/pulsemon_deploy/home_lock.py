"""Who uses a home: every role holds a shared lock on its version file, whoever deletes it an exclusive one.

The kernel frees a lock with the process that holds it, however that ends.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pulsemon_schemas.errors import PermanentError

from pulsemon_deploy.home import Home

LOCKS = Path("/proc/locks")


class HomeInUseError(PermanentError):
    """Others work with the home, or it is just being deleted; it was left alone."""


@contextmanager
def used(home: Home, *, is_kept_by_successor: bool = False) -> Iterator[None]:
    """The home, made ready and safe from being deleted meanwhile. HomeError, HomeInUseError.

    With ``is_kept_by_successor`` the program that this process becomes keeps the lock.
    """
    handle = _shared(home)
    os.set_inheritable(handle, is_kept_by_successor)
    try:
        home.prepare()
        yield
    finally:
        os.close(handle)


@contextmanager
def alone(home: Home) -> Iterator[None]:
    """The home while nobody else works with it, and nobody can begin to. HomeInUseError names who does."""
    handle = _open(home)
    try:
        if not _take(handle, fcntl.LOCK_EX):
            raise HomeInUseError(
                f"something of Pulse Monitor still works with {home.root} ({_holders(handle)}), so nothing was "
                "deleted; first stop it: pulsemon down, or Ctrl-C where it runs"
            )
        yield
    finally:
        os.close(handle)


def _shared(home: Home) -> int:
    """A handle with the lock; again from the beginning if the home was deleted just before it was locked."""
    while True:
        home.found()
        handle = _open(home)
        if not _take(handle, fcntl.LOCK_SH):
            os.close(handle)
            raise HomeInUseError(f"{home.root} is just being deleted; nothing was started. Start again afterwards.")
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(handle), home.version_file.stat()):
                return handle
        os.close(handle)


def _open(home: Home) -> int:
    """For writing too: network file systems want that for an exclusive lock."""
    with home.explained():
        return os.open(home.version_file, os.O_RDWR | os.O_CLOEXEC)


def _take(handle: int, kind: int) -> bool:
    try:
        fcntl.flock(handle, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _holders(handle: int) -> str:
    """The processes that took a lock on this file, as the kernel lists them."""
    inode = str(os.fstat(handle).st_ino)
    lines = [line.split() for line in LOCKS.read_text().splitlines()]
    pids = [words[4] for words in lines if words[1] == "FLOCK" and words[5].endswith(f":{inode}")]
    return f"process {', '.join(pids)}" if pids else "a process of another user"
