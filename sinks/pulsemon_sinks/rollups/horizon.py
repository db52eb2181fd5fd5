"""What the engine says about the time, and about how far back its raw samples are whole."""

from pulsemon_sinks.clickhouse.connection import Store
from pulsemon_sinks.clickhouse.ttl import FOR_EVER, ttls
from pulsemon_sinks.rollups.spans import Horizon

RAW_FROM = "raw from"


def horizon(store: Store, database: str) -> Horizon:
    """As it is now. Errors as Store."""
    sql = f"SELECT toUnixTimestamp(now()), max(done_before) FROM {database}.rollup_cursors WHERE topic = %(topic)s"
    now, raw_from = store.rows(sql, {"topic": RAW_FROM})[0]
    kept_seconds = ttls(store, database).get("samples", FOR_EVER).seconds
    return Horizon(now, raw_from if kept_seconds is None else max(raw_from, now - kept_seconds))


def note_change(store: Store, database: str) -> None:
    """To be called before raw samples are kept longer or shorter: what the old rule took does not come back."""
    found = horizon(store, database)
    sql = f"INSERT INTO {database}.rollup_cursors (topic, topic_id, partition, done_before) VALUES"
    store.insert(sql, [(RAW_FROM, "", 0, found.raw_from)], {"async_insert": 0})
