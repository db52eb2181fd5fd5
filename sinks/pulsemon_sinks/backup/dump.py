"""Rows of the store into files, while sinks go on storing."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from functools import reduce
from operator import xor
from typing import Any

from pulsemon_schemas.errors import TransientError

from pulsemon_sinks.backup import arrow
from pulsemon_sinks.backup.cutoffs import Cutoff, read_cutoffs
from pulsemon_sinks.backup.folder import BEGUN, CUTOFFS, UnfinishedFolder
from pulsemon_sinks.backup.manifest import Applied, BackupError, PieceFile, StoreCopy, TableCopy
from pulsemon_sinks.backup.plan import PIECE_VALUES, Piece, Planner
from pulsemon_sinks.backup.tables import ROLLUPS, Column, KeptTable, is_copied, kept_tables
from pulsemon_sinks.clickhouse.connection import Store
from pulsemon_sinks.clickhouse.migrate import MigrationState

PATIENCE_SECONDS = 60.0
READ_SETTINGS = {"max_threads": 2}


class Dump:
    """One copy of one database into a folder. Errors as Store, BackupError, OSError of the folder.

    The order is what makes it one moment. Rollups come first: the notes of how far they are, then days, hours, minutes,
    since whoever makes them writes in the opposite order; so nothing is noted as done that is not in the copy. Only
    then the ledger is asked for the cutoffs: all samples that the copied rollups counted are of blocks that it names.
    """

    def __init__(self, store: Store, database: str, folder: UnfinishedFolder, piece_values: int = PIECE_VALUES) -> None:
        self._store = store
        self._database = database
        self._folder = folder
        self._piece_values = piece_values
        self._begun: dict[str, Any] = {}
        self._rest: dict[str, Any] = {}
        self._tables: dict[str, KeptTable] = {}

    def begin(self, migrations: tuple[MigrationState, ...]) -> None:
        """Decides what is copied, or finds what an earlier run decided that was cut off."""
        applied = tuple(Applied(one.version, one.name, one.checksum) for one in migrations if one.state != "pending")
        if not applied:
            raise BackupError(
                f"{self._database} holds no store of ours: nothing was written; `pulsemon migrate` makes it"
            )
        found = kept_tables(self._store, self._database)
        self._tables = {name: one for name, one in found.items() if is_copied(name)}
        self._begun = self._folder.noted(BEGUN) or self._anew(applied)

    def run(self) -> Iterator[PieceFile]:
        """Copies what is not copied yet; yields each piece once it is on the disk."""
        yield from self._pieces(self._begun)
        self._rest = self._folder.noted(CUTOFFS) or self._decide_rest()
        yield from self._pieces(self._rest)

    def _anew(self, applied: tuple[Applied, ...]) -> dict[str, Any]:
        self._folder.empty()
        tables = self._tables.values()
        return self._folder.note(
            BEGUN,
            {
                "engine": self._store.rows("SELECT version()")[0][0],
                "database": self._database,
                "migrations": [asdict(one) for one in applied],
                "tables": {one.name: [[column.name, column.kind] for column in one.columns] for one in tables},
                "ttls": {one.name: one.ttl for one in tables},
                "pieces": self._plan((), [name for name in ROLLUPS if name in self._tables]),
            },
        )

    def _decide_rest(self) -> dict[str, Any]:
        cutoffs = read_cutoffs(self._store, self._database)
        others = [name for name in self._begun["tables"] if name not in ROLLUPS]
        what = {"cutoffs": [asdict(one) for one in cutoffs], "pieces": self._plan(cutoffs, others)}
        return self._folder.note(CUTOFFS, what)

    def _plan(self, cutoffs: Sequence[Cutoff], tables: Iterable[str]) -> list[dict[str, Any]]:
        planner = Planner(self._store, self._database, cutoffs, self._piece_values)
        return [asdict(piece) for name in tables for piece in planner.pieces(self._tables[name])]

    def _pieces(self, decided: Mapping[str, Any]) -> Iterator[PieceFile]:
        done = self._folder.done()
        for piece in (Piece(**one) for one in decided["pieces"]):
            yield done.get(piece.file) or self._copy(piece)

    def copied(self) -> StoreCopy:
        """What the folder holds now."""
        done = self._folder.done().values()
        begun = self._begun
        return StoreCopy(
            begun["engine"],
            begun["database"],
            tuple(Applied(**one) for one in begun["migrations"]),
            tuple(Cutoff(**one) for one in self._rest["cutoffs"]),
            tuple(
                TableCopy(
                    name,
                    tuple(Column(*one) for one in columns),
                    begun["ttls"][name],
                    tuple(piece for piece in done if piece.table == name),
                )
                for name, columns in begun["tables"].items()
            ),
        )

    def _copy(self, piece: Piece) -> PieceFile:
        table = self._tables[piece.table]
        *values, hashes = _patiently(lambda: self._read(table, piece.where))
        size_bytes, digest = self._folder.write(piece.file, lambda path: arrow.write(path, table.columns, values))
        made = PieceFile(piece.table, piece.file, len(hashes), size_bytes, digest, reduce(xor, hashes, 0))
        self._folder.count(made)
        return made

    def _read(self, table: KeptTable, where: str) -> tuple[Any, ...]:
        wanted = ", ".join(arrow.selected(one) for one in table.columns)
        sql = (
            f"SELECT {wanted}, {row_hash(table.columns)} FROM {self._database}.{table.name}"
            f"{' FINAL' if table.replaces else ''} WHERE {where} ORDER BY {table.sorting_key or 1}"
        )
        return self._store.columns(sql, settings=READ_SETTINGS).values


def row_hash(columns: tuple[Column, ...]) -> str:
    """The expression for the hash of a row. One NULL would make the whole hash NULL, so it stands as text."""
    parts = (
        f"isNull(`{one.name}`), ifNull(toString(`{one.name}`), '')"
        if one.kind.startswith("Nullable")
        else f"`{one.name}`"
        for one in columns
    )
    return f"cityHash64({', '.join(parts)})"


def _patiently(ask: Callable[[], tuple[Any, ...]]) -> tuple[Any, ...]:
    """Asks again while a store is away for a moment."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return ask()
        except TransientError as error:
            if time.monotonic() > deadline:
                raise
            time.sleep(error.retry_after_seconds)
