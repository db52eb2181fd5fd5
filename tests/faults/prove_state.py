"""The long proof of the state's size: 10,000 servers of 180 series, a worker killed just before its round.

Run it with ``make prove-state``; it takes about twelve minutes, in real time, with the processor's settings as shipped.
The worker's own metrics tell how long a round keeps a partition waiting, and when it has caught up.
"""

import json
import random
import re
import signal
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from confluent_kafka import OFFSET_END, Consumer, Producer, TopicPartition
from pulsemon_deploy.bench.judged_series import due, series, trouble, value
from pulsemon_schemas import codec
from pulsemon_schemas.batch_encoder import BatchEncoder
from pulsemon_schemas.partitioner import partition_for
from pulsemon_schemas.records import ControlRecord, MetricBatch
from pulsemon_schemas.rules import default_records
from pulsemon_schemas.runtime.kafka import client_config, producer_config

if TYPE_CHECKING:
    from support.kafka import Broker
    from support.processor import Room

pytestmark = [pytest.mark.kafka, pytest.mark.slow]

SERVERS = 10_000
INTERVAL_SECONDS = 10
ILL_EVERY = 50
ROUND_SECONDS = 300.0
KILL_BEFORE_ROUND_SECONDS = 15.0
CAUGHT_UP_LAG_SECONDS = 2.0
MOST_WAITING = 50_000
OWN_SERVER = "the-worker"

MAX_SERVER_BYTES = 4000
MAX_STATE_SHARE = 0.15
MAX_RESTORE_SECONDS = 5.0
MAX_CATCH_UP_SECONDS = 90.0
MAX_SLICE_SECONDS = 0.5


class Hosts(threading.Thread):
    """Sends a batch of every server each ten seconds, evenly spread, until ``stop``."""

    def __init__(self, room: "Room") -> None:
        super().__init__(name="hosts")
        self._room = room
        self._stop_requested = threading.Event()
        self._encoder = BatchEncoder()
        self._producer = Producer(producer_config(room.broker.settings, "pulsemon-hosts"))
        self._series = series()
        self._chance = random.Random(1)
        self.most_behind_seconds = 0.0

    def run(self) -> None:
        began, sent = time.monotonic(), 0
        producer, topic = self._producer, self._room.topic("metrics")
        keys = [f"host-{number:05d}.example.net".encode() for number in range(SERVERS)]
        places = [partition_for(key, self._room.partition_count) for key in keys]
        while not self._stop_requested.is_set():
            step, number = divmod(sent, SERVERS)
            producer.produce(
                topic,
                self._batch(keys[number].decode(), step, "" if number % ILL_EVERY else trouble(number, step)),
                keys[number],
                places[number],
            )
            sent += 1
            if sent % 100 == 0:
                producer.poll(0)
                assert len(producer) < MOST_WAITING, "the broker does not take what the hosts send"
                ahead = sent * INTERVAL_SECONDS / SERVERS - (time.monotonic() - began)
                self.most_behind_seconds = max(self.most_behind_seconds, -ahead)
                self._stop_requested.wait(max(0.0, ahead))
        producer.flush(20)

    def stop(self) -> None:
        self._stop_requested.set()
        self.join()

    def _batch(self, server_id: str, step: int, ill: str) -> bytes:
        now_ms = time.time_ns() // 1_000_000
        names, labels = zip(*due(self._series, step), strict=True)
        values = [value(self._chance, *one, step, ill) for one in zip(names, labels, strict=True)]
        return self._encoder.encode(
            MetricBatch(
                server_id,
                "agent",
                f"{server_id}-p",
                step,
                "",
                -1,
                now_ms,
                now_ms,
                names,
                labels,
                tuple(values),
            )
        )


@dataclass
class OwnMetrics:
    """The worker's newest values by (metric, partition), and the greatest of each, read from the metrics topic."""

    room: "Room"
    newest: dict[tuple[str, str], float] = field(default_factory=dict)
    greatest: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        settings = client_config(self.room.broker.settings)
        self._consumer = Consumer({**settings, "group.id": "unused", "enable.auto.commit": False})
        place = partition_for(OWN_SERVER.encode(), self.room.partition_count)
        self._consumer.assign([TopicPartition(self.room.topic("metrics"), place, OFFSET_END)])

    def read(self, seconds: float) -> None:
        """All that comes within ``seconds``."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            for message in self._consumer.consume(2000, 0.2):
                if message.key() == OWN_SERVER.encode():
                    self._take(codec.decode(message.value() or b""))

    def of(self, name: str) -> list[float]:
        return [value for (metric, _), value in self.newest.items() if metric == f"pulsemon.processor.{name}"]

    def _take(self, batch: object) -> None:
        assert isinstance(batch, MetricBatch)
        for name, labels, told in zip(batch.names, batch.labels, batch.values, strict=True):
            self.newest[name, labels] = told
            self.greatest[name] = max(told, self.greatest.get(name, 0.0))

    def close(self) -> None:
        self._consumer.close()


@pytest.mark.timeout(0)
def test_ten_thousand_servers_are_little_state_that_is_soon_restored(kafka: "Broker", tmp_path: Path) -> None:
    from support.processor import make_room, running_worker

    room = make_room(kafka)
    room.control(*default_records(), *registered())
    hosts = Hosts(room)
    settings = {"tick_seconds": 5.0, "round_seconds": ROUND_SECONDS, "metrics_seconds": 2.0, "server_id": OWN_SERVER}
    settings |= {"session_seconds": 10.0}
    own = OwnMetrics(room)
    try:
        with running_worker(room, tmp_path / "worker.log", **settings) as worker:
            hosts.start()
            read_until(own, lambda: min(own.of("rounds"), default=0) >= 1, 2 * ROUND_SECONDS)
            figures = sizes(kafka, room)
            own.read(ROUND_SECONDS - KILL_BEFORE_ROUND_SECONDS)
            figures["longest_slice_seconds"] = own.greatest["pulsemon.processor.round.slice.duration"]
            own.newest.clear()
            worker.signal(signal.SIGKILL)
            killed_at = time.monotonic()
            worker.start()
            read_until(own, lambda: has_caught_up(own, room.partition_count), 2 * MAX_CATCH_UP_SECONDS)
            figures["catch_up_seconds"] = time.monotonic() - killed_at
            restores = [float(one) for one in re.findall(r"records of state in ([0-9.]+) s", worker.log())]
            figures["restore_seconds"] = max(restores[-room.partition_count :])
            figures["feeder_behind_seconds"] = hosts.most_behind_seconds
    finally:
        hosts.stop()
        own.close()
    print(f"\n{ {key: round(value, 4) for key, value in figures.items()} }")
    assert figures["server_bytes"] <= MAX_SERVER_BYTES
    assert figures["state_share"] <= MAX_STATE_SHARE
    assert figures["longest_slice_seconds"] <= MAX_SLICE_SECONDS
    assert figures["restore_seconds"] <= MAX_RESTORE_SECONDS
    assert figures["catch_up_seconds"] <= MAX_CATCH_UP_SECONDS


def registered() -> Iterator[ControlRecord]:
    """All servers, so that scopes have something to choose by."""
    body = json.dumps({"environment": "production", "role": "web"})
    for number in range(SERVERS):
        server_id = f"host-{number:05d}.example.net"
        yield ControlRecord("server", server_id, "put", -1, f"add-{number}", "proof", "", "", body)


def read_until(own: OwnMetrics, probe: Callable[[], bool], timeout_seconds: float) -> None:
    until = time.monotonic() + timeout_seconds
    while not probe():
        assert time.monotonic() < until, f"not within {timeout_seconds} s: {own.newest}"
        own.read(0.5)


def has_caught_up(own: OwnMetrics, partition_count: int) -> bool:
    lags = own.of("lag")
    return len(lags) == partition_count and max(lags) <= CAUGHT_UP_LAG_SECONDS


def sizes(broker: "Broker", room: "Room") -> dict[str, float]:
    """After each partition's first round: bytes of a server's newest state, and of the topics on disk."""
    newest = {one.key(): one.value() or b"" for part in room.read("processor-state") for one in part}
    servers = [len(value) for key, value in newest.items() if key is not None and not key.startswith(b"_")]
    state, metrics = (on_disk(broker, room.topic(name)) for name in ("processor-state", "metrics"))
    return {
        "servers": len(servers),
        "server_bytes": statistics.fmean(servers),
        "state_mb": state / 1e6,
        "metrics_mb": metrics / 1e6,
        "state_share": state / metrics,
    }


def on_disk(broker: "Broker", topic: str) -> int:
    """Bytes of the log segments of all partitions."""
    return sum(
        one.stat().st_size for one in broker.node.data_folder.rglob("*.log") if one.parent.name.startswith(topic)
    )
