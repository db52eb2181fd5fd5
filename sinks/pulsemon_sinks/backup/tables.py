"""The tables of a database that keep rows, as its engine describes them."""

from dataclasses import dataclass

from pulsemon_sinks.clickhouse.connection import Store

LOCKS = frozenset({"rollup_turns", "schema_turns"})
"""Who has the turn just now: of no use in a copy."""
MIGRATIONS = "schema_migrations"
"""Told by the manifest; a new database writes its own."""
DERIVED = {"alert_state": "alerts"}
"""Tables that the engine makes of the rows of another, when these are put in: the largest version stays."""
ROLLUPS = ("rollup_cursors", "samples_1d", "samples_1h", "samples_1m")
"""Copied first and in this order: whoever makes them writes in the opposite one."""
SPLIT_BY = ("name", "server_id")
UNFINISHED = "restore_unfinished"
"""Is there while a database is filled from a backup: its rows are not all there yet."""


@dataclass(frozen=True, slots=True)
class Column:
    """One that holds data; ``kind`` is the type as the engine writes it."""

    name: str
    kind: str


@dataclass(frozen=True, slots=True)
class KeptTable:
    """``replaces``: rows of one key count as one, with FINAL. ``ttl``: as the engine writes it, "" for none."""

    name: str
    columns: tuple[Column, ...]
    sorting_key: str
    replaces: bool
    ttl: str
    rows: int

    @property
    def split_by(self) -> tuple[str, ...]:
        """The columns at which it can be cut into pieces without reading all of it."""
        key = [one.strip() for one in self.sorting_key.split(",")]
        return tuple(one for one in key if one in SPLIT_BY)


def kept_tables(store: Store, database: str) -> dict[str, KeptTable]:
    """Every table that keeps rows, by name; none of a database that is not there. Errors as Store."""
    columns: dict[str, list[Column]] = {}
    for table, name, kind in store.rows(
        "SELECT table, name, type FROM system.columns WHERE database = %(database)s "
        "AND default_kind NOT IN ('ALIAS', 'MATERIALIZED', 'EPHEMERAL') ORDER BY table, position",
        {"database": database},
    ):
        columns.setdefault(table, []).append(Column(name, kind))
    found = store.rows(
        "SELECT name, engine, sorting_key, engine_full, coalesce(total_rows, 0) FROM system.tables "
        "WHERE database = %(database)s AND engine LIKE '%%MergeTree' ORDER BY name",
        {"database": database},
    )
    return {
        name: KeptTable(name, tuple(columns[name]), key, "Replacing" in engine, ttl_of(engine_full), int(rows))
        for name, engine, key, engine_full, rows in found
    }


def ttl_of(engine_full: str) -> str:
    """The TTL in an engine's definition, "" for none."""
    _, _, behind = engine_full.partition(" TTL ")
    return behind.partition(" SETTINGS ")[0].strip()


def is_copied(name: str) -> bool:
    """Whether a backup holds rows of this table."""
    return name not in LOCKS and name != MIGRATIONS and name not in DERIVED and name != UNFINISHED


def is_half_filled(store: Store, database: str) -> bool:
    """Whether a restore was begun there and not finished. Errors as Store."""
    found = store.rows(
        "SELECT count() FROM system.tables WHERE database = %(database)s AND name = %(name)s",
        {"database": database, "name": UNFINISHED},
    )
    return bool(found[0][0])
