"""Rows of a backup into an empty database, read back and compared with what was copied."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pulsemon_sinks.backup import arrow
from pulsemon_sinks.backup.dump import row_hash
from pulsemon_sinks.backup.manifest import BackupError, PieceFile, StoreCopy, TableCopy
from pulsemon_sinks.backup.tables import DERIVED, UNFINISHED, KeptTable, is_copied, kept_tables
from pulsemon_sinks.clickhouse.bulk import INSERT_SETTINGS
from pulsemon_sinks.clickhouse.connection import Store
from pulsemon_sinks.clickhouse.errors import StoreRefusedError
from pulsemon_sinks.clickhouse.migrate import Migrator

# Each row is put in once; a second try after a failed one begins with empty tables.
_SETTINGS = INSERT_SETTINGS | {"insert_deduplicate": 0}


@dataclass(frozen=True, slots=True)
class Compared:
    """A table of the backup, and what the engine says of the same table now."""

    table: str
    rows: int
    content: int
    found_rows: int
    found_content: int

    @property
    def is_same(self) -> bool:
        """Whether every row is there as it was."""
        return (self.rows, self.content) == (self.found_rows, self.found_content)


class Fill:
    """One database filled from one backup, whose files were checked before. Errors as Store, Migrator, BackupError."""

    def __init__(self, store: Store, database: str, root: Path, backup_id: str, copy: StoreCopy) -> None:
        self._store = store
        self._database = database
        self._root = root
        self._backup_id = backup_id
        self._copy = copy
        self._tables: dict[str, KeptTable] = {}

    def begin(self, migrator: Migrator) -> None:
        """Makes the tables. BackupError, before anything is changed, if they hold rows that are not of this backup."""
        _check_versions(self._copy, migrator)
        is_ours = self._is_unfinished()
        if not is_ours:
            self._check_empty()
        migrator.migrate(is_restoring=True)
        self._tables = kept_tables(self._store, self._database)
        self._check_columns()
        marker = f"{self._database}.{UNFINISHED}"
        self._store.rows(
            f"CREATE TABLE IF NOT EXISTS {marker} (backup_id String) ENGINE = MergeTree ORDER BY backup_id"
        )
        self._store.insert(f"INSERT INTO {marker} (backup_id) VALUES", [(self._backup_id,)], {"async_insert": 0})
        for name in self._ttls():
            self._empty(self._tables[name])

    def run(self) -> Iterator[PieceFile]:
        """Puts in piece after piece; yields each once it is stored."""
        for table in self._copy.tables:
            for piece in table.pieces:
                if piece.rows:
                    self._insert(table, piece)
                yield piece
        for table_name, source in DERIVED.items():
            self._derive(table_name, source)

    def compare(self) -> tuple[Compared, ...]:
        """What the engine holds now, table by table."""
        return tuple(self._compared(one) for one in self._copy.tables)

    def finish(self) -> None:
        """Lets the engine keep rows as long as where the backup is from: what is older goes from now on."""
        now = kept_tables(self._store, self._database)
        for name, ttl in self._ttls().items():
            if ttl and now[name].ttl != ttl:
                self._store.rows(f"ALTER TABLE {self._database}.{name} MODIFY TTL {ttl}")
        self._store.rows(f"DROP TABLE {self._database}.{UNFINISHED} SYNC")

    def _ttls(self) -> dict[str, str]:
        """Every table that is filled, with how long its rows are kept."""
        copied = {one.name: one.ttl for one in self._copy.tables}
        return copied | {name: copied[source] for name, source in DERIVED.items()}

    def _is_unfinished(self) -> bool:
        """Whether an earlier run of the same backup was cut off here."""
        try:
            rows = self._store.rows(f"SELECT DISTINCT backup_id FROM {self._database}.{UNFINISHED}")
        except StoreRefusedError as error:
            if error.is_missing_schema:
                return False
            raise
        if rows and rows != [(self._backup_id,)]:
            raise BackupError(
                f"{self._database} is half filled from another backup ({rows[0][0]}): nothing was changed; restore "
                f"that one again, or drop the database: DROP DATABASE {self._database}"
            )
        return bool(rows)

    def _check_empty(self) -> None:
        filled = [one for one in kept_tables(self._store, self._database).values() if is_copied(one.name) and one.rows]
        if filled:
            first = filled[0]
            raise BackupError(
                f"{self._database} is not empty ({first.name} holds {first.rows:,} rows): nothing was changed. Restore "
                "into a database or a home that nothing was stored in yet: PULSEMON_CLICKHOUSE_DATABASE or "
                "PULSEMON_LOCAL_HOME names another, `pulsemon reset` empties this machine's"
            )

    def _check_columns(self) -> None:
        for copy in self._copy.tables:
            table = self._tables.get(copy.name)
            missing = set(copy.columns) - set(() if table is None else table.columns)
            if missing:
                names = ", ".join(sorted(f"{one.name} {one.kind}" for one in missing))
                raise BackupError(
                    f"{copy.name} of the backup has columns that this program's has not ({names}): no row was stored; "
                    "use the pulsemon that made the backup"
                )

    def _empty(self, table: KeptTable) -> None:
        """Without an end to its rows, so that none goes before all are compared."""
        self._store.rows(f"TRUNCATE TABLE {self._database}.{table.name}")
        if table.ttl:
            self._store.rows(f"ALTER TABLE {self._database}.{table.name} REMOVE TTL")

    def _insert(self, table: TableCopy, piece: PieceFile) -> None:
        names = ", ".join(f"`{one.name}`" for one in table.columns)
        values = arrow.read(self._root / piece.file, table.columns)
        self._store.insert_columns(f"INSERT INTO {self._database}.{table.name} ({names}) VALUES", values, _SETTINGS)

    def _derive(self, name: str, source: str) -> None:
        names = ", ".join(f"`{one.name}`" for one in self._tables[name].columns)
        settings = {"max_partitions_per_insert_block": 0, "insert_deduplicate": 0, "max_threads": 1}
        self._store.rows(
            f"INSERT INTO {self._database}.{name} ({names}) SELECT {names} FROM {self._database}.{source} FINAL",
            settings=settings,
        )

    def _compared(self, copy: TableCopy) -> Compared:
        final = " FINAL" if self._tables[copy.name].replaces else ""
        sql = f"SELECT count(), groupBitXor({row_hash(copy.columns)}) FROM {self._database}.{copy.name}{final}"
        ((rows, content),) = self._store.rows(sql, settings={"max_threads": 2})
        return Compared(copy.name, copy.rows, copy.content, int(rows), int(content))


def _check_versions(copy: StoreCopy, migrator: Migrator) -> None:
    known = {one.name: one for one in migrator.status()}
    for applied in (one for one in copy.migrations if one.version):
        ours = known.get(applied.name)
        if ours is None or ours.checksum != applied.checksum:
            raise BackupError(
                f"the backup has the schema {applied.name}, which this program has not: nothing was changed; use the "
                "pulsemon that made the backup, or a newer one"
            )
