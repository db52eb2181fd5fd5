"""Writes servers and samples straight into the store, in the shape in which records land there."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from pulsemon_sinks.clickhouse.connection import NativeStore
from pulsemon_sinks.clickhouse.migrate import migrate
from pulsemon_sinks.clickhouse.settings import ClickHouseSettings

Series = tuple[str, str]


@dataclass
class StoredFleet:
    """A migrated database that a test fills."""

    settings: ClickHouseSettings

    def __post_init__(self) -> None:
        self._store = NativeStore(self.settings)
        migrate(self.settings, self._store)
        self._offset = 0

    def register(self, server_id: str, **body: str) -> None:
        """A control record that puts the server there."""
        row = ("control", self._next(), _time(0), "server", server_id, "put", -1, f"c{self._offset}")
        columns = "topic_id, offset, append_time, entity_type, entity_id, operation, expected_version, change_id, body"
        self._store.insert(
            f"INSERT INTO {self.settings.database}.control ({columns}) VALUES", [(*row, json.dumps(body))]
        )

    def batch(self, server_id: str, at: float, values: Mapping[Series, float], source: str = "agent") -> None:
        """One batch of a server at a time (epoch seconds); the keys of ``values`` are names with canonical labels."""
        self.batches(server_id, [(at, values)], source)

    def batches(
        self, server_id: str, ticks: Sequence[tuple[float, Mapping[Series, float]]], source: str = "agent"
    ) -> None:
        """Many batches of one server at once."""
        place = "topic_id, offset, append_time, server_id, source, producer_id, sequence, recorded_at, sent_at"
        columns = f"{place}, names, labels, values"
        rows = [
            (
                "metrics",
                self._next(),
                _time(at),
                server_id,
                source,
                f"p-{server_id}",
                self._offset,
                _time(at),
                _time(at),
                [name for name, _ in sorted(values)],
                [labels for _, labels in sorted(values)],
                [values[series] for series in sorted(values)],
            )
            for at, values in ticks
        ]
        self._store.insert(f"INSERT INTO {self.settings.database}.metrics_in ({columns}) VALUES", rows)

    def close(self) -> None:
        self._store.close()

    def _next(self) -> int:
        self._offset += 1
        return self._offset


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
