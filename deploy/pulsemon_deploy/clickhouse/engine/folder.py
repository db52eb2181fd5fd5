"""The engine's folder: opened by one process, never by an older engine than the one that wrote it."""

import importlib.metadata
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from chdb import _chdb

from pulsemon_deploy.clickhouse.engine.configuration import Layout
from pulsemon_deploy.clickhouse.engine.errors import FolderError

STANDARD_ERROR = 2
LONGEST_MESSAGE_BYTES = 1 << 16


def open_folder(layout: Layout) -> _chdb.connect:
    """The first connection, which loads the tables. FolderError, with what to do, if the folder cannot be opened."""
    version = installed_version()
    check_version(layout, version)
    with engine_messages() as messages:
        try:
            first = connect(layout)
            first.query("SELECT 1", "Null")
        except (RuntimeError, UnicodeDecodeError) as error:
            raise FolderError(_explanation(layout, messages())) from error
    layout.version_file.write_text(version + "\n", encoding="utf-8")
    return first


def connect(layout: Layout) -> _chdb.connect:
    """A connection to a folder that this process has open, or the one that opens it. RuntimeError if it cannot."""
    return _chdb.connect(f"{layout.data}?config-file={layout.server_file}&log-level=warning")


def installed_version() -> str:
    """The version of the engine that is installed."""
    return importlib.metadata.version("chdb-core")


def check_version(layout: Layout, installed: str) -> None:
    """FolderError if a newer engine than ``installed`` wrote the folder: opening it could damage it."""
    if not layout.version_file.exists():
        return
    written = layout.version_file.read_text(encoding="utf-8").strip()
    if _ordered(written) > _ordered(installed):
        raise FolderError(
            f"{layout.folder} was written by ClickHouse engine {written}, this program has {installed}: "
            "nothing was changed; install the newer pulsemon again, or use another folder"
        )


def _ordered(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())


@contextmanager
def engine_messages() -> Iterator[Callable[[], str]]:
    """Catches what the engine prints during the body: it tells why it cannot start there and nowhere else."""
    kept = os.dup(STANDARD_ERROR)
    caught = os.memfd_create("engine-messages", os.MFD_CLOEXEC)
    os.dup2(caught, STANDARD_ERROR)
    try:
        yield lambda: os.pread(caught, LONGEST_MESSAGE_BYTES, 0).decode("utf-8", "replace")
    finally:
        os.dup2(kept, STANDARD_ERROR)
        os.close(kept)
        os.close(caught)


def _explanation(layout: Layout, printed: str) -> str:
    if "Cannot lock file" in printed:
        return f"{layout.data} is in use by another process: nothing was changed; stop that one, or use another folder"
    causes = [line for line in printed.splitlines() if line.startswith("Code: ")] or [printed.strip()]
    return (
        f"the ClickHouse engine cannot open {layout.data}: nothing was changed; mend what it names, or move the folder "
        f"away to start empty (the last days come again from Kafka): {causes[0]}"
    )
