"""Checks of what the store takes of the disk, and whether it is whole."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from pulsemon_deploy.doctor.finding import Finding, ok, problem
from pulsemon_deploy.installation import Installation

if TYPE_CHECKING:
    from pulsemon_sinks.clickhouse.connection import Store

ANSWER_SECONDS = 5.0
SOON_DAYS = 7
NAMED_TABLES = 3


def whole(own: Installation) -> Finding:
    """Whether a restore was begun here and not finished."""
    from pulsemon_sinks.backup.tables import is_half_filled

    with _asking(own) as (store, database):
        is_half = is_half_filled(store, database)
    if is_half:
        return problem("it is half filled from a backup", "the same `pulsemon restore DIR` again: it begins anew")
    return ok("no restore is unfinished")


def sizes(own: Installation) -> Finding:
    """What the largest tables take, what else the engine keeps, and in how many days the disk is full."""
    from pulsemon_sinks.reader.health import table_bytes
    from pulsemon_sinks.reader.storage import storage

    with _asking(own) as (store, database):
        tables = table_bytes(store, database)
        days = storage(store, database).days_until_full()
    largest = ", ".join(f"{name} {_mb(size)}" for name, size in tables[:NAMED_TABLES])
    text = f"{_mb(sum(size for _, size in tables))} in {len(tables)} tables ({largest or 'all are empty'})"
    if own.has_own_clickhouse:
        text += f", {_mb(_folder_bytes(own.home.clickhouse))} with what the engine keeps beside them"
    if days is not None and days < SOON_DAYS:
        return problem(f"{text}; the disk is full in {days} days", "pulsemon retention set, or more room")
    return ok(text)


@contextmanager
def _asking(own: Installation) -> "Iterator[tuple[Store, str]]":
    from pulsemon_sinks.clickhouse.connection import NativeStore

    settings = own.clickhouse()
    with closing(NativeStore(settings, timeout_seconds=ANSWER_SECONDS)) as store:
        yield store, settings.database


def _folder_bytes(folder: Path) -> int:
    """What its files hold; those that the engine removes meanwhile do not count."""
    found = 0
    for path in folder.rglob("*"):
        try:
            found += path.lstat().st_size
        except FileNotFoundError:
            continue
    return found


def _mb(size: int) -> str:
    return f"{size / 1e6:,.1f} MB"
