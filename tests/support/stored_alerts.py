"""Writes alerts and states of servers straight into the store, in the shape in which records land there."""

from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

from pulsemon_schemas.records import AlertEvent, ServerState
from pulsemon_sinks.clickhouse.connection import NativeStore
from pulsemon_sinks.clickhouse.migrate import migrate
from pulsemon_sinks.clickhouse.settings import ClickHouseSettings

TABLES: dict[type, str] = {AlertEvent: "alerts_in", ServerState: "server_state_in"}


class StoredAlerts:
    """A migrated database that a test fills; every record is written a second after the one before."""

    def __init__(self, settings: ClickHouseSettings) -> None:
        self.settings = settings
        self.store = NativeStore(settings)
        migrate(settings, self.store)
        self._offset = 0

    def put(self, *records: AlertEvent | ServerState, log_id: str = "log") -> None:
        for one in records:
            self.put_into(TABLES[type(one)], one, log_id=log_id)

    def put_into(self, name: str, *records: AlertEvent | ServerState, log_id: str = "log") -> None:
        for one in records:
            self._offset += 1
            row = {
                "log_topic_id": log_id,
                "log_partition": 0,
                "log_offset": self._offset,
                "log_append_time": datetime.fromtimestamp(1_700_000_000 + self._offset, UTC),
                **{each.name.removesuffix("_ms"): _stored(one, each.name) for each in fields(one)},
            }
            columns = ", ".join(f"`{column}`" for column in row)
            table = f"{self.settings.database}.{name}"
            self.store.insert(f"INSERT INTO {table} ({columns}) VALUES", [tuple(row.values())])

    def close(self) -> None:
        self.store.close()


def _stored(record: AlertEvent | ServerState, name: str) -> Any:
    value = getattr(record, name)
    return datetime.fromtimestamp(value / 1000, UTC) if name.endswith("_ms") else value
