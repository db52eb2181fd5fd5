"""What a look at the health of an installation asks of the store."""

from dataclasses import dataclass

from pulsemon_sinks.clickhouse.connection import Store


@dataclass(frozen=True, slots=True)
class Stored:
    """What the samples table holds: rows in its active parts, and what they take on disk."""

    samples: int
    size_bytes: int


def newest_batch_ms(store: Store, database: str, server_id: str) -> int | None:
    """When the newest stored batch of a server's agent was recorded, None if there is none. Errors as Store."""
    sql = (
        f"SELECT toUnixTimestamp64Milli(max(last_seen_at)) FROM {database}.sightings "
        "WHERE server_id = %(server_id)s AND source = 'agent' HAVING count() > 0"
    )
    rows = store.rows(sql, {"server_id": server_id})
    return int(rows[0][0]) if rows else None


def stored(store: Store, database: str) -> Stored:
    """How much is stored. Errors as Store."""
    sql = (
        "SELECT sum(rows), sum(bytes_on_disk) FROM system.parts "
        "WHERE database = %(database)s AND table = 'samples' AND active"
    )
    samples, size_bytes = store.rows(sql, {"database": database})[0]
    return Stored(int(samples), int(size_bytes))


def table_bytes(store: Store, database: str) -> list[tuple[str, int]]:
    """The tables that hold rows, the largest first, and what each takes on disk. Errors as Store."""
    sql = (
        "SELECT table, sum(bytes_on_disk) AS size FROM system.parts "
        "WHERE database = %(database)s AND active GROUP BY table ORDER BY size DESC, table"
    )
    return [(str(table), int(size)) for table, size in store.rows(sql, {"database": database})]
