"""The engine's folder: opened by one process, never by an older engine than the one that wrote it."""

import importlib.metadata
import logging

from chdb import _chdb

from pulsemon_deploy.clickhouse.engine.configuration import Layout
from pulsemon_deploy.clickhouse.engine.errors import FolderError

log = logging.getLogger(__name__)


def open_folder(layout: Layout) -> _chdb.connect:
    """The first connection, which loads the tables. FolderError, with what to do, if the folder cannot be opened."""
    version = installed_version()
    check_version(layout, version)
    try:
        first = connect(layout)
        first.query("SELECT 1", "Null")
    except (RuntimeError, UnicodeDecodeError) as error:
        raise FolderError(_explanation(layout, str(error))) from error
    layout.version_file.write_text(version + "\n", encoding="utf-8")
    return first


def connect(layout: Layout) -> _chdb.connect:
    """A connection to a folder that this process has open, or the one that opens it. RuntimeError if it cannot."""
    return _chdb.connect(f"{layout.data}?config-file={layout.server_file}")


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


def _explanation(layout: Layout, reason: str) -> str:
    if _is_locked(layout):
        return f"{layout.data} is in use by another process: nothing was changed; stop that one, or use another folder"
    return (
        f"the ClickHouse engine cannot open {layout.data}: nothing was changed; its log {layout.log_file} names the "
        "table or file that stopped it; move the folder away to start empty (the last days come again from Kafka). "
        f"Cause: {reason}"
    )


def _is_locked(layout: Layout) -> bool:
    import fcntl

    status = layout.data / "status"
    if not status.exists():
        return False
    with status.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
    return False
