"""Takes a server out of the store: every row of it, in every table and tier."""

from collections.abc import Mapping
from dataclasses import dataclass

from pulsemon_sinks.clickhouse.connection import Store
from pulsemon_sinks.clickhouse.settings import ClickHouseSettings
from pulsemon_sinks.clickhouse.topology import Topology

OF_SERVER = "server_id"
STATE_SNAPSHOTS = "state_snapshots"
"""Its rows have the keys of ``pulsemon.processor-state``, which are ids of servers."""
MARKED = "server_state"
"""Keeps one row: that the server was purged, as the tombstone in the topic says."""
PURGED = "purged"
AT_ONCE: Mapping[str, int] = {"lightweight_deletes_sync": 2}
"""Returns when all replicas have done it."""


@dataclass(frozen=True, slots=True)
class Deleted:
    """What went from a table, and what is there nevertheless: rows that came meanwhile."""

    table: str
    rows: int
    left: int


class StoredServer:
    """One server in one database. Every method raises as Store; each may be repeated."""

    def __init__(self, store: Store, settings: ClickHouseSettings, server_id: str) -> None:
        self._store = store
        self._database = settings.database
        topology = Topology(settings.topology, settings.cluster)
        self._readers_database = topology.databases(settings.database)[-1]
        self._on_cluster = topology.placeholders()["on_cluster"]
        self._server_id = server_id

    def tables(self) -> list[str]:
        """Every table that keeps rows of servers, as the database itself says: none that is added is forgotten."""
        rows = self._store.rows(
            "SELECT name FROM system.tables WHERE database = %(database)s AND engine LIKE '%%MergeTree' AND ("
            "name = %(snapshots)s OR name IN (SELECT table FROM system.columns WHERE database = %(database)s "
            "AND name = %(column)s)) ORDER BY name",
            {"database": self._database, "snapshots": STATE_SNAPSHOTS, "column": OF_SERVER},
        )
        return [name for (name,) in rows]

    def delete(self) -> list[Deleted]:
        """Takes all rows out of what queries see; their bytes go when ClickHouse next merges the part they are in."""
        return [self._delete(table) for table in self.tables()]

    def _delete(self, table: str) -> Deleted:
        rows = self._count(table)
        if rows:
            self._store.rows(
                f"DELETE FROM {self._database}.{table} {self._on_cluster} WHERE {_condition(table)}",
                self._parameters,
                AT_ONCE,
            )
        left = self._count(table) if rows else 0
        return Deleted(table, rows - left, left)

    def _count(self, table: str) -> int:
        sql = f"SELECT count() FROM {self._readers_database}.{table} WHERE {_condition(table)}"
        ((count,),) = self._store.rows(sql, self._parameters)
        return int(count)

    @property
    def _parameters(self) -> dict[str, str]:
        return {"server_id": self._server_id, "purged": PURGED}


def _condition(table: str) -> str:
    if table == STATE_SNAPSHOTS:
        return "key = %(server_id)s"
    return f"{OF_SERVER} = %(server_id)s" + (" AND status != %(purged)s" if table == MARKED else "")
