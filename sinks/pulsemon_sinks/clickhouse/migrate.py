"""Brings a database to the schema of this program: once, in order, one process at a time.

Numbered files run once and never change afterwards; repeatable files run after them, again whenever their rendered text
differs (the view of headline metrics follows the catalogue that way). Every statement can be repeated, so a run that
was cut off is simply started again.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pulsemon_schemas.catalogue import headline_names
from pulsemon_schemas.errors import PermanentError

from pulsemon_sinks.backup.tables import is_half_filled
from pulsemon_sinks.clickhouse.connection import NativeStore, Store
from pulsemon_sinks.clickhouse.errors import StoreRefusedError
from pulsemon_sinks.clickhouse.migrations import Migration, checksum, migration_files
from pulsemon_sinks.clickhouse.rendering import placeholders, render, statements
from pulsemon_sinks.clickhouse.settings import ClickHouseSettings
from pulsemon_sinks.clickhouse.topology import SINGLE, Topology
from pulsemon_sinks.clickhouse.turn import Turns

log = logging.getLogger(__name__)

LEASE_SECONDS = 15
TURN_SECONDS = 60.0

_TURNS = """
CREATE TABLE IF NOT EXISTS ${database}.schema_turns ${on_cluster}
  (turn UInt64, holder String, is_over UInt8, at DateTime64(3, 'UTC') DEFAULT now64(3))
${engine_everywhere:MergeTree()} ORDER BY (turn, is_over) SETTINGS ${dedup}
"""
_MIGRATIONS = """
CREATE TABLE IF NOT EXISTS ${database}.schema_migrations ${on_cluster}
  (version UInt32, name String, checksum String, applied_at DateTime64(3, 'UTC') DEFAULT now64(3))
${engine_everywhere:MergeTree()} ORDER BY (version, name, applied_at)
"""


class MigrationError(PermanentError):
    """The database and this program do not fit together; nothing was changed."""


@dataclass(frozen=True, slots=True)
class MigrationState:
    """One migration as the database has it.

    ``state``: pending | applied | changed (its text differs) | unknown (newer than we). ``checksum``: of the text that
    was applied; of the one that would be, if none was.
    """

    version: int
    name: str
    state: str
    applied_at: datetime | None
    checksum: str


class Migrator:
    """The migrations of one database. Errors: StoreUnreachableError, StoreRefusedError, MigrationError."""

    def __init__(
        self,
        store: Store,
        database: str,
        headline: Sequence[str],
        files: Sequence[Migration],
        topology: Topology = SINGLE,
    ) -> None:
        self._store = store
        self._database = database
        self._topology = topology
        self._values = placeholders(database, headline, topology)
        self._files = tuple(files)

    def status(self) -> tuple[MigrationState, ...]:
        """Every migration of this program and of the database; a database that is not there has none."""
        applied = self._applied()
        known = {(one.version, one.name) for one in self._files}
        strange = sorted(key for key in applied if key[0] and key not in known)
        return (
            *(self._state(one, applied) for one in self._files),
            *(self._strange(*key, applied[key]) for key in strange),
        )

    def plan(self) -> tuple[str, ...]:
        """The statements that migrate() would run now; changes nothing. MigrationError as there."""
        return tuple(sql for one in self._pending() for sql in self._statements(one))

    def _statements(self, one: Migration) -> tuple[str, ...]:
        return self._topology.spread(statements(render(one.source, self._values)))

    def migrate(self, *, is_restoring: bool = False) -> tuple[str, ...]:
        """Applies what is missing and returns the names. MigrationError for a newer database or a changed file.

        Also for one that is half filled from a backup, unless ``is_restoring``: whoever asks is about to fill it.
        """
        if not is_restoring and is_half_filled(self._store, self._database):
            raise MigrationError(
                f"the database {self._database} is half filled from a backup: nothing was changed; do the same "
                f"`pulsemon restore DIR` again, it begins anew, or drop the database: DROP DATABASE {self._database}"
            )
        if not self._pending():
            return ()
        for sql in self._foundation():
            self._store.rows(sql)
        with Turns(self._store, f"{self._database}.schema_turns", LEASE_SECONDS).take(TURN_SECONDS) as renew:
            pending = self._pending()  # again: another process may have had its turn before us
            for one in pending:
                renew()
                self._apply(one)
        return tuple(one.name for one in pending)

    def _pending(self) -> list[Migration]:
        states = self.status()
        if unknown := [one for one in states if one.state == "unknown"]:
            newest, ours = max(one.version for one in unknown), max(one.version for one in self._files)
            raise MigrationError(
                f"the database {self._database} is at version {newest}, this program knows {ours}: "
                "nothing was changed; install the newer pulsemon, or use another database"
            )
        if drifted := [one.name for one in states if one.version and one.state == "changed"]:
            raise MigrationError(
                f"{', '.join(drifted)} was changed after it was applied to {self._database}: nothing was changed; "
                "restore the file and put the change into a new migration"
            )
        return [one for one, state in zip(self._files, states, strict=False) if state.state != "applied"]

    def _state(self, one: Migration, applied: dict[tuple[int, str], tuple[str, datetime]]) -> MigrationState:
        found = applied.get((one.version, one.name))
        if found is None:
            return MigrationState(one.version, one.name, "pending", None, self._fingerprint(one))
        state = "applied" if found[0] == self._fingerprint(one) else "changed"
        return MigrationState(one.version, one.name, state, found[1], found[0])

    def _strange(self, version: int, name: str, applied: tuple[str, datetime]) -> MigrationState:
        is_newer = version > max(one.version for one in self._files)
        return MigrationState(version, name, "unknown" if is_newer else "changed", applied[1], applied[0])

    def _fingerprint(self, one: Migration) -> str:
        return one.checksum if one.version else checksum(render(one.source, self._values))

    def _applied(self) -> dict[tuple[int, str], tuple[str, datetime]]:
        try:
            rows = self._store.rows(
                "SELECT version, name, argMax(checksum, applied_at), max(applied_at) "
                f"FROM {self._database}.schema_migrations GROUP BY version, name"
            )
        except StoreRefusedError as error:
            if error.is_missing_schema:
                return {}
            raise
        return {(version, name): (fingerprint, applied_at) for version, name, fingerprint, applied_at in rows}

    def _foundation(self) -> tuple[str, ...]:
        databases = (
            f"CREATE DATABASE IF NOT EXISTS {name} ${{on_cluster}}" for name in self._topology.databases(self._database)
        )
        return tuple(render(sql, self._values) for sql in (*databases, _TURNS, _MIGRATIONS))

    def _apply(self, one: Migration) -> None:
        for sql in self._statements(one):
            self._store.rows(sql)
        self._store.insert(
            f"INSERT INTO {self._database}.schema_migrations (version, name, checksum) VALUES",
            [(one.version, one.name, self._fingerprint(one))],
            {"async_insert": 0},
        )
        log.info("migrated %s: %s", self._database, one.name)


def migrator(settings: ClickHouseSettings, store: Store | None = None) -> Migrator:
    """The migrations of this program for the database of the settings. MigrationError for settings that do not fit."""
    try:
        topology = Topology(settings.topology, settings.cluster)
        own = store or NativeStore(settings)
        return Migrator(own, settings.database, headline_names(), migration_files(), topology)
    except ValueError as error:
        raise MigrationError(f"{error}; nothing was changed") from error


def migrate(settings: ClickHouseSettings, store: Store) -> tuple[str, ...]:
    """Brings the database of the settings up to date and returns what was applied. Errors as Migrator."""
    return migrator(settings, store).migrate()
