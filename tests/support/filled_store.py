"""A database of ours with rows in every table that keeps any, whatever its columns are."""

from collections.abc import Iterable

from pulsemon_sinks.backup.tables import DERIVED, UNFINISHED, Column, KeptTable, is_copied, kept_tables
from pulsemon_sinks.clickhouse.connection import NativeStore
from pulsemon_sinks.clickhouse.migrate import migrate
from pulsemon_sinks.clickhouse.settings import ClickHouseSettings

_VALUES = {
    "String": "concat('{table} ü ', toString(number % 7))",
    "DateTime64(3, 'UTC')": "now64(3) - toIntervalMillisecond(number * 420123)",
    "DateTime('UTC')": "now() - toIntervalMinute(number * 7)",
    "Float64": "if(number % 5 = 0, nan, number / 7)",
    "Float32": "number / 7",
    "Bool": "number % 2",
    "Nullable(Float64)": "if(number % 2 = 0, NULL, number / 3)",
    "Array(String)": "arrayMap(x -> concat('ü', toString(x)), range(number % 3))",
    "Array(Float64)": "arrayMap(x -> x / 3, range(number % 3))",
    "Array(Int64)": "range(number % 4)",
    "Array(UInt32)": "range(number % 4)",
    "Map(String, Int64)": "map('a', number, 'b', -number)",
}


ROWS, SAMPLES = 14, 300


class FilledStore:
    """A migrated database; ``fill`` puts rows into its tables."""

    def __init__(self, settings: ClickHouseSettings) -> None:
        self.settings = settings
        self.database = settings.database
        self.store = NativeStore(settings)
        migrate(settings, self.store)

    def tables(self) -> list[KeptTable]:
        return [one for one in kept_tables(self.store, self.database).values() if is_copied(one.name)]

    def fill(self) -> None:
        """Rows of all kinds of values into every table, two days back at most; most of them samples."""
        for table in self.tables():
            rows = SAMPLES if table.name == "samples" else ROWS
            values = ", ".join(f"CAST({_value(table.name, one)}, $${one.kind}$$)" for one in table.columns)
            self.store.rows(
                f"INSERT INTO {self.database}.{table.name} ({_names(table.columns)}) SELECT {values} "
                f"FROM numbers({rows}) SETTINGS insert_deduplicate = 0"
            )

    def empty(self) -> None:
        """Takes out all rows."""
        for name in (*(one.name for one in self.tables()), *DERIVED):
            self.store.rows(f"TRUNCATE TABLE {self.database}.{name}")
        self.store.rows(f"DROP TABLE IF EXISTS {self.database}.{UNFINISHED} SYNC")

    def contents(self) -> dict[str, list[tuple[object, ...]]]:
        """Every row of every table, as text, since NaN equals nothing."""
        return {
            one.name: self.store.rows(
                f"SELECT toString(tuple({_names(one.columns)})) AS row FROM {self.database}.{one.name}"
                f"{' FINAL' if one.replaces else ''} ORDER BY row"
            )
            for one in self.tables()
        }

    def block(self, topic_id: str, first: int, last: int) -> None:
        """A block as a sink stores it: the ledger, batches with two samples each, and alerts of the same offsets."""
        self.store.rows(
            f"INSERT INTO {self.database}.sink_ledger (topic, topic_id, partition, first_offset, last_offset, kind) "
            f"VALUES ('metrics', '{topic_id}', 0, {first}, {last}, 'stored'), "
        )
        offsets = f"FROM numbers({first}, {last - first + 1})"
        at = f"toDateTime64(toUnixTimestamp(now()) - 600 + number + {len(topic_id)}, 3)"
        self.store.rows(
            f"INSERT INTO {self.database}.batches (server_id, producer_id, sequence, topic_id, partition, offset, "
            f"recorded_at) SELECT 'web-1', '{topic_id}', number, '{topic_id}', 0, number, {at} {offsets}"
        )
        self.store.rows(
            f"INSERT INTO {self.database}.samples (server_id, name, labels, recorded_at, value) "
            f"SELECT 'web-1', arrayJoin(['a', '{topic_id}']), '', {at}, number {offsets}"
        )
        self.store.rows(
            f"INSERT INTO {self.database}.alerts (server_id, alert_id, transition, started_at, log_topic_id, "
            f"log_partition, log_offset) SELECT 'web-1', '{topic_id}', number, {at}, '{topic_id}', 0, number {offsets}"
        )

    def derived(self) -> list[tuple[object, ...]]:
        """What the table of the newest transitions says."""
        return self.store.rows(
            f"SELECT server_id, alert_id, transition FROM {self.database}.alert_state FINAL ORDER BY ALL"
        )

    def newest_alerts(self) -> list[tuple[object, ...]]:
        """The same from the history of alerts."""
        return self.store.rows(
            f"SELECT server_id, alert_id, max(transition) FROM {self.database}.alerts GROUP BY ALL ORDER BY ALL"
        )

    def ttls(self) -> dict[str, str]:
        """How long the rows of each table are kept."""
        return {name: one.ttl for name, one in kept_tables(self.store, self.database).items()}

    def close(self) -> None:
        self.store.close()


def _names(columns: Iterable[Column]) -> str:
    return ", ".join(f"`{one.name}`" for one in columns)


def _value(table: str, column: Column) -> str:
    if column.name in ("topic_id", "log_topic_id"):
        return "concat('log-', toString(number % 7))"  # blocks of the ledger are of the same logs as the rows
    kind = column.kind.replace("LowCardinality(String)", "String")
    return _VALUES.get(kind, "number").replace("{table}", table)
