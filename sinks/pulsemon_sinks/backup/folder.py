"""How a backup becomes whole: it has another name until its last file is on the disk, so half is never taken for it.

``DIR.partial`` holds what is done so far: ``begun.json`` and ``cutoffs.json`` say what is to be done, and each finished
file is a line of ``done.jsonl``. Whoever begins the same backup again goes on there.
"""

import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pulsemon_sinks.backup.manifest import MANIFEST, BackupError, Manifest, PieceFile, parse_manifest

BEGUN, CUTOFFS, DONE, LOCK, DRAFT = "begun.json", "cutoffs.json", "done.jsonl", "lock", ".draft"
CHUNK_BYTES = 1 << 20


class UnfinishedFolder:
    """The folder of a backup that is being made. All methods raise OSError; ``made`` turns it into BackupError."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def noted(self, name: str) -> dict[str, Any] | None:
        """What an earlier run noted under a name, None if it did not come so far."""
        with suppress(FileNotFoundError, ValueError):
            found: dict[str, Any] = json.loads((self.root / name).read_text("utf-8"))
            return found
        return None

    def note(self, name: str, what: dict[str, Any]) -> dict[str, Any]:
        """Notes something for a later run; returns it."""
        self.write_text(name, json.dumps(what))
        return what

    def empty(self) -> None:
        """Removes what an earlier run left."""
        for path in self.root.iterdir():
            if path.is_dir():
                shutil.rmtree(path)
            elif path.name != LOCK:
                path.unlink()

    def done(self) -> dict[str, PieceFile]:
        """The finished files by name. A line that a kill cut short is not counted."""
        found = {}
        with suppress(FileNotFoundError):
            for line in (self.root / DONE).read_text("utf-8").splitlines():
                with suppress(ValueError, TypeError):
                    one = PieceFile(**json.loads(line))
                    if _has_size(self.root / one.file, one.size_bytes):
                        found[one.file] = one
        return found

    def count(self, piece: PieceFile) -> None:
        """Counts a file as finished."""
        with (self.root / DONE).open("a", encoding="utf-8") as file:
            file.write(f"\n{json.dumps(asdict(piece))}\n")
            _to_disk(file.fileno())

    def write(self, name: str, write: Callable[[Path], None]) -> tuple[int, str]:
        """A file that ``write`` makes, on the disk once this returns; its size and SHA-256."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = path.with_name(path.name + DRAFT)
        write(draft)
        with draft.open("rb") as file:
            _to_disk(file.fileno())
        size_bytes, digest = draft.stat().st_size, sha256(draft)
        draft.replace(path)
        return size_bytes, digest

    def write_text(self, name: str, text: str) -> tuple[int, str]:
        """The same for a text."""
        return self.write(name, lambda path: _write_private(path, text))


def _write_private(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text, "utf-8")


@contextmanager
def made(target: Path) -> Iterator[UnfinishedFolder]:
    """The folder to fill; ``finish`` gives it its name. BackupError, also for what the disk says in the body."""
    if target.exists() or target.is_symlink():
        raise BackupError(f"{target} is there already: nothing was written; name a folder that is not")
    root = target.with_name(f"{target.name}.partial")
    try:
        root.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (root / LOCK).open("w") as lock:
            _take(lock.fileno(), root)
            try:
                yield UnfinishedFolder(root)
            finally:
                _remove_if_unused(root)
    except OSError as error:
        raise BackupError(
            f"{root} cannot be written ({error.strerror or error}): what is done so far is kept there, and {target} "
            "does not exist; free space, then do the same again: it goes on"
        ) from error


def finish(folder: UnfinishedFolder, target: Path, manifest: Manifest) -> None:
    """Writes the manifest, and gives the folder its name: from here on it is whole. OSError."""
    _, digest = folder.write_text(MANIFEST, manifest.as_json())
    folder.write_text(f"{MANIFEST}.sha256", f"{digest}  {MANIFEST}\n")
    for name in (BEGUN, CUTOFFS, DONE, LOCK):
        (folder.root / name).unlink(missing_ok=True)
    _sync_folders(folder.root)
    folder.root.rename(target)
    _sync(target.parent)


def read_manifest(root: Path) -> Manifest:
    """What a whole backup says of itself. BackupError if it is not whole, or the manifest is not what was written."""
    partial = root.with_name(f"{root.name}.partial")
    if root.name.endswith(".partial") or (not root.exists() and partial.exists()):
        raise BackupError(f"{root} is not finished: nothing was read; `pulsemon backup` with the same folder goes on")
    try:
        data = (root / MANIFEST).read_bytes()
        wanted = (root / f"{MANIFEST}.sha256").read_text("utf-8").split()[:1]
    except (OSError, UnicodeDecodeError) as error:
        raise BackupError(f"{root} is no backup ({error}): nothing was read; name the folder of one") from error
    if [hashlib.sha256(data).hexdigest()] != wanted:
        raise BackupError(f"{root / MANIFEST} is not what was written: nothing was read; take another backup")
    return parse_manifest(data.decode("utf-8"))


def sha256(path: Path) -> str:
    """Of a file's content, in hex. OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _remove_if_unused(root: Path) -> None:
    """Where nothing could be begun, nothing stays behind."""
    if root.is_dir() and {path.name for path in root.iterdir()} == {LOCK}:
        shutil.rmtree(root)


def _take(handle: int, root: Path) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise BackupError(f"another process writes {root} just now: nothing was changed; wait for it") from error


def _has_size(path: Path, size_bytes: int) -> bool:
    return path.is_file() and path.stat().st_size == size_bytes


def _sync_folders(root: Path) -> None:
    for path in (root, *(one for one in root.rglob("*") if one.is_dir())):
        _sync(path)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        _to_disk(handle)
    finally:
        os.close(handle)


def _to_disk(handle: int) -> None:
    os.fsync(handle)
