"""Takes the snapshot of a day: first what the partitions know, then, once it has heard of all that, the fleet."""

import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from pulsemon_sinks.clickhouse.connection import Store
from pulsemon_sinks.ledger import TOKEN_SETTINGS
from pulsemon_sinks.state_snapshots.state_topic import StateTopic, state

PARTITION_KEY, FLEET_PREFIX, FLEET_ENGINE_KEY = "_partition", "_fleet:", "_fleet:engine"
"""Keys of the processor's, as its topic has them."""
FLEET = -1
HOME = 0
"""The partition beside whose state that of the fleet lies."""
COLUMNS = "topic_id, partition, taken_at, key, state"


class Snapshots:
    """Of several sinks one a day wins, by token. Errors of ``step`` are as Store, and TransientError; call it again."""

    def __init__(self, store: Store, database: str, topic: StateTopic, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._table = f"{database}.state_snapshots"
        self._topic = topic
        self._clock = clock
        self._done_day = ""

    def step(self) -> None:
        """Takes what is due."""
        now_ms = int(self._clock() * 1000)
        day = datetime.fromtimestamp(now_ms / 1000, UTC).strftime("%Y-%m-%d")
        if day == self._done_day:
            return
        taken = self._taken(day)
        if not any(partition != FLEET for partition, _ in taken):
            self._take_partitions(day, now_ms)
        elif not any(partition == FLEET for partition, _ in taken):
            self._take_fleet(day, now_ms, max(taken_ms for _, taken_ms in taken))
        else:
            self._done_day = day

    def _taken(self, day: str) -> list[tuple[int, int]]:
        rows = self._store.rows(
            f"SELECT DISTINCT partition, toUnixTimestamp64Milli(taken_at) FROM {self._table} "
            "WHERE toDate(taken_at) = toDate(%(day)s)",
            {"day": day},
        )
        return [(int(partition), int(taken_ms)) for partition, taken_ms in rows]

    def _take_partitions(self, day: str, now_ms: int) -> None:
        for partition in range(self._topic.partition_count()):
            found = {key: text for key, text in self._topic.read(partition).items() if not key.startswith(FLEET_PREFIX)}
            if PARTITION_KEY in found:
                self._insert(day, partition, now_ms, found.items())

    def _take_fleet(self, day: str, now_ms: int, partitions_ms: int) -> None:
        found = {key: text for key, text in self._topic.read(HOME).items() if key.startswith(FLEET_PREFIX)}
        heard_ms = state(found.get(FLEET_ENGINE_KEY, "")).get("time", {}).get("clock_ms", -1)
        if heard_ms > partitions_ms:
            self._insert(day, FLEET, now_ms, found.items())

    def _insert(self, day: str, partition: int, now_ms: int, found: Iterable[tuple[str, str]]) -> None:
        rows: list[tuple[Any, ...]] = [
            (state(text).get("topic_id", ""), partition, now_ms, key, text) for key, text in found
        ]
        self._store.insert(
            f"INSERT INTO {self._table} ({COLUMNS}) VALUES",
            rows,
            {**TOKEN_SETTINGS, "insert_deduplication_token": f"P:{day}:{partition}:{rows[0][0]}"},
        )
