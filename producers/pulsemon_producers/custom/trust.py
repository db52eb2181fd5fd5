"""Whether only root and the agent's own user can have written a file: what is run or read must not be anyone's.

A path is walked from the root folder, each step opened relative to the one before and never through a link unseen: so
what was checked is what the kernel finds. After the walk nobody who is not trusted can put anything else in its place,
for that takes the right to write into one of the folders.
"""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

MAX_LINKS = 16
OTHERS_MAY_WRITE = stat.S_IWGRP | stat.S_IWOTH
_STEP = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC


class TrustError(PermissionError):
    """Why a file or folder is not used."""


@dataclass(frozen=True, slots=True)
class Owners:
    """The users whose files are trusted."""

    ids: frozenset[int]

    @classmethod
    def own(cls) -> "Owners":
        """Root, and the user that this process runs as."""
        return cls(frozenset({0, os.geteuid()}))

    def check(self, found: os.stat_result, shown: str) -> None:
        """Raises TrustError if somebody else owns it or may write to it."""
        self.check_owner(found, shown)
        if found.st_mode & OTHERS_MAY_WRITE:
            raise TrustError(f"{shown} can be written by its group or by others: chmod go-w it")

    def check_owner(self, found: os.stat_result, shown: str) -> None:
        """Raises TrustError if somebody else owns it."""
        if found.st_uid not in self.ids:
            raise TrustError(f"{shown} belongs to user {found.st_uid}: only root's and the agent's own are used")


@contextmanager
def opened(path: Path, owners: Owners) -> Iterator[int]:
    """A descriptor (O_PATH) of what ``path`` leads to, once it and every folder and link on the way are trusted.

    The folder that it lies in must be closed to others; one further up may be open to all if it is sticky, as ``/tmp``:
    there nobody can rename or remove what is not theirs. Raises TrustError, OSError.
    """
    walk = _Walk(owners)
    try:
        yield walk.to(path)
    finally:
        walk.close()


class _Walk:
    """A place in the tree, and the steps that are still to go."""

    def __init__(self, owners: Owners) -> None:
        self._owners = owners
        self._at = os.open("/", _STEP | os.O_DIRECTORY)
        self._links = 0

    def to(self, path: Path) -> int:
        steps = list(reversed(path.parts[1:]))
        while steps:
            step = steps.pop()
            found = os.fstat(self._at)
            self._check_folder(found, step, path, is_last=not steps)
            try:
                child = os.open(step, _STEP, dir_fd=self._at)
            except OSError as error:
                raise OSError(error.errno, error.strerror, str(path)) from None  # not the name of the step alone
            state = os.fstat(child)
            if stat.S_ISLNK(state.st_mode):
                steps += self._follow(child, state, path)
                continue
            self._move(child)
        self._owners.check(os.fstat(self._at), str(path))
        return self._at

    def close(self) -> None:
        os.close(self._at)

    def _check_folder(self, found: os.stat_result, step: str, path: Path, is_last: bool) -> None:
        shown = f"the folder of {step!r} on the way to {path}"
        if found.st_mode & stat.S_ISVTX and not is_last:
            self._owners.check_owner(found, shown)
        else:
            self._owners.check(found, shown)

    def _follow(self, child: int, state: os.stat_result, path: Path) -> list[str]:
        """The steps that a link stands for; it is trusted like a file, for whoever made it chose where it leads."""
        try:
            self._owners.check_owner(state, f"a link on the way to {path}")
            target = Path(os.readlink("", dir_fd=child))
        finally:
            os.close(child)
        self._links += 1
        if self._links > MAX_LINKS:
            raise TrustError(f"{path}: more than {MAX_LINKS} links on the way")
        if target.is_absolute():
            self._move(os.open("/", _STEP | os.O_DIRECTORY))
            return list(reversed(target.parts[1:]))
        return list(reversed(target.parts))

    def _move(self, child: int) -> None:
        os.close(self._at)
        self._at = child
