"""One agent a state folder: two would send the same batches, and number theirs alike."""

import fcntl
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pulsemon_schemas.errors import PermanentError

log = logging.getLogger(__name__)

FILE_NAME = "lock"


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """The folder, made if missing, for this process alone; the kernel frees it however the process ends.

    Raises PermanentError if another process has it. A folder that cannot be locked at all is told and used.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(folder / FILE_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        log.warning("%s cannot be locked (%s): take care that no second agent uses it.", folder, error)
        yield
        return
    try:
        _take(handle, folder)
        yield
    finally:
        os.close(handle)


def _take(handle: int, folder: Path) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        owner = os.pread(handle, 20, 0).decode(errors="replace").strip() or "of unknown id"
        raise PermanentError(
            f"process {owner} is an agent that works with {folder}; nothing was started and nothing changed. "
            "Stop it first, or give this one a state_dir of its own (PULSEMON_AGENT_STATE_DIR)."
        ) from None
    os.ftruncate(handle, 0)
    os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
