"""A few servers that send as agents do, and what is said about whether they live."""

import threading
import time
import uuid
from dataclasses import replace
from types import TracebackType
from typing import Self

from confluent_kafka import Producer
from pulsemon_schemas import codec
from pulsemon_schemas.partitioner import partition_for
from pulsemon_schemas.records import MetricBatch, ServerState
from support.batches import batch
from support.processor import Room

INTERVAL_SECONDS = 2.0
ABSENCE_RULE = "server_down"
# agents spool while the broker is away, for as long as it takes
OPTIONS: dict[str, str | int | float | bool] = {"linger.ms": 5, "log_level": 0, "delivery.timeout.ms": 900_000}


class Fleet:
    """Servers ``server-0`` and so on, a batch each every two seconds; what Kafka cannot take waits in the client."""

    def __init__(self, room: Room, servers: int) -> None:
        self._room = room
        self._silent: set[str] = set()
        self._run_id = uuid.uuid4().hex[:8]
        self._server_ids = [f"server-{number}" for number in range(servers)]
        self._stop = threading.Event()
        self._producer: Producer = room.broker.producer(options=OPTIONS)
        self._thread = threading.Thread(target=self._run, name="fleet")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def silence(self, server_id: str) -> None:
        """From now on this server sends nothing."""
        self._silent.add(server_id)

    def stop(self) -> None:
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()
        self._producer.flush(20)

    def statuses(self) -> dict[str, str]:
        """The newest status of each server of ours."""
        records = (codec.decode(one.value() or b"") for part in self._room.read("server-state") for one in part)
        found = {one.server_id: one.status for one in records if isinstance(one, ServerState)}
        return {server_id: status for server_id, status in found.items() if server_id in self._server_ids}

    def absences(self) -> list[tuple[str, str]]:
        """Server and level of each alert about silence, in no order."""
        return [(event.server_id, event.level) for event in self._room.alerts() if event.rule_id == ABSENCE_RULE]

    def _run(self) -> None:
        sequence = 0
        while not self._stop.wait(INTERVAL_SECONDS):
            now_ms = int(time.time() * 1000)
            for server_id in self._server_ids:
                if server_id not in self._silent:
                    self._send(server_id, sequence, now_ms)
            self._producer.poll(0)
            sequence += 1

    def _send(self, server_id: str, sequence: int, now_ms: int) -> None:
        one: MetricBatch = replace(
            batch(),
            server_id=server_id,
            producer_id=f"{server_id}-{self._run_id}",
            sequence=sequence,
            recorded_at_ms=now_ms,
            sent_at_ms=now_ms,
        )
        key = server_id.encode()
        place = partition_for(key, self._room.partition_count)
        self._producer.produce(self._room.topic("metrics"), codec.encode(one), key, place)
