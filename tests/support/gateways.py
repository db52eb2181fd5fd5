"""The gateway itself: in a thread of this process on a real broker, and requests to it."""

import http.client
import json
import os
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from confluent_kafka import Consumer, TopicPartition
from pulsemon_deploy.kafka import ensure_topics
from pulsemon_deploy.kafka.ports import free_ports
from pulsemon_deploy.key_changes import NewSecret, body_of, new_key
from pulsemon_producers.gateway import role
from pulsemon_producers.gateway.settings import GatewaySettings
from pulsemon_schemas.codec import decode, encode
from pulsemon_schemas.keys import KEY, WRITE_METRICS, Key
from pulsemon_schemas.partitioner import partition_for
from pulsemon_schemas.records import ControlRecord, MetricBatch
from pulsemon_schemas.runtime.kafka import consumer_config
from pulsemon_schemas.topics import CONTROL, METRICS
from support.kafka import Broker
from support.waiting import wait_until

PARTITIONS = 4
NOW_MS = int(time.time() * 1000)
AVRO = "application/vnd.pulsemon.batches+avro"


@dataclass(frozen=True)
class Reply:
    """An answer; header names are in small letters."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def problem(self) -> str:
        assert self.headers["content-type"] == "application/problem+json", self
        return str(self.json["type"]).removeprefix("urn:pulsemon:problem:")


@dataclass
class Gateway:
    """One gateway that answers."""

    port: int
    broker: Broker
    versions: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._producer = self.broker.producer("operator", {"log_level": 2})

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def ask(
        self, method: str, path: str, body: bytes | None = None, key: str = "", headers: Mapping[str, str] | None = None
    ) -> Reply:
        """One request over a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        shown = {"Authorization": f"Bearer {key}"} if key else {}
        try:
            connection.request(method, path, body, {**shown, **(headers or {})})
            answer = connection.getresponse()
            found = {name.lower(): value for name, value in answer.getheaders()}
            return Reply(answer.status, found, answer.read())
        finally:
            connection.close()

    def post_json(self, item: Any, key: str, headers: Mapping[str, str] | None = None) -> Reply:
        more = {"Content-Type": "application/json", **(headers or {})}
        return self.ask("POST", "/api/v1/metrics", json.dumps(item).encode(), key, more)

    def post_avro(self, body: bytes, key: str) -> Reply:
        return self.ask("POST", "/api/v1/metrics", body, key, {"Content-Type": AVRO})

    def new_key(self, server_id: str, scopes: frozenset[str] = frozenset({WRITE_METRICS})) -> NewSecret:
        """A key that the gateway knows."""
        new = new_key(server_id, scopes, None)
        self.write_key(new.key)
        wait_until(lambda: self.knows(new.text), 5.0, "the gateway to know the key")
        return new

    def write_key(self, key: Key) -> None:
        """The next version of a key, in the control log."""
        expected = self.versions.get(key.key_id, -1)
        record = ControlRecord(KEY, key.key_id, "put", expected, str(uuid.uuid4()), "tests", "", "", body_of(key))
        offsets: list[int] = []
        self._producer.produce(
            CONTROL.name, encode(record), on_delivery=lambda _, message: offsets.append(message.offset() or 0)
        )
        assert self._producer.flush(20) == 0
        (self.versions[key.key_id],) = offsets

    def knows(self, text: str) -> bool:
        """An empty body is refused after the key is looked at."""
        return self.post_avro(b"", text).status != 401


@contextmanager
def running_gateway(broker: Broker, own_metrics_of: role.OwnMetricsOf | None = None, **own: Any) -> Iterator[Gateway]:
    """A gateway in a thread, on the topics of the product; ``own`` are fields of its settings."""
    ensure_topics(broker.settings, PARTITIONS)
    (port,) = free_ports(1)
    settings = GatewaySettings(port=port, **own)
    stop, ready = threading.Event(), threading.Event()
    kafka = broker.settings_for("gateway")
    thread = threading.Thread(target=role.run, args=(settings, kafka, stop, ready.set, own_metrics_of), daemon=True)
    thread.start()
    try:
        assert ready.wait(20), "the gateway is not ready"
        yield Gateway(port, broker)
    finally:
        stop.set()
        thread.join(20)
        assert not thread.is_alive()


def batches_of(broker: Broker, server_id: str) -> list[MetricBatch]:
    """Everything that the log has of a server, in order, duplicates included."""
    partition = partition_for(server_id.encode(), PARTITIONS)
    consumer = Consumer(consumer_config(broker.settings, f"test-{uuid.uuid4().hex}", "test"))
    place = TopicPartition(METRICS.name, partition)
    found: list[MetricBatch] = []
    try:
        low, high = consumer.get_watermark_offsets(place, 10)
        consumer.assign([TopicPartition(METRICS.name, partition, low)])
        while low < high:
            for message in consumer.consume(high - low, 0.2):
                low = (message.offset() or 0) + 1
                if message.key() == server_id.encode():
                    record = decode(message.value() or b"")
                    assert isinstance(record, MetricBatch)
                    found.append(record)
    finally:
        consumer.close()
    return found


def batch(server_id: str, sequence: int = 0, **own: object) -> MetricBatch:
    made = MetricBatch(
        server_id, "agent", "p1", sequence, "p0", 7, NOW_MS, NOW_MS, ("a", "b"), ("", "x=1"), (1.0, 2.0), {"late": 3}
    )
    return replace(made, **own)  # type: ignore[arg-type] # fields by name


def framed(*batches: MetricBatch) -> bytes:
    """The body of a request."""
    records = [encode(one) for one in batches]
    return b"".join(len(one).to_bytes(4, "big") + one for one in records)


def connect(port: int) -> socket.socket:
    """A bare connection."""
    return socket.create_connection(("127.0.0.1", port), timeout=20)


def gateway_environment(broker: Broker, port: int) -> dict[str, str]:
    """What ``pulsemon run gateway`` is told in a process of its own."""
    settings = broker.settings_for("gateway")
    return {
        "PATH": os.environ["PATH"],
        "PULSEMON_KAFKA_BOOTSTRAP": settings.bootstrap,
        "PULSEMON_KAFKA_SECURITY_PROTOCOL": settings.security_protocol,
        "PULSEMON_KAFKA_USERNAME": settings.username,
        "PULSEMON_KAFKA_PASSWORD": settings.password.reveal(),
        "PULSEMON_GATEWAY_PORT": str(port),
    }


@dataclass
class GatewayProcess:
    """``pulsemon run gateway`` as a process of its own, on one port, to be killed and started again."""

    broker: Broker
    folder: Path
    port: int
    process: "subprocess.Popen[bytes] | None" = None

    def start(self) -> None:
        environment = gateway_environment(self.broker, self.port)
        environment["PULSEMON_LOCAL_HOME"] = str(self.folder / f"home-{self.port}")
        with (self.folder / f"gateway-{self.port}.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "pulsemon_deploy.cli", "run", "gateway"],
                env=environment,
                stdout=log,
                stderr=log,
            )

    def wait_ready(self) -> None:
        wait_until(self._is_ready, 30.0, f"the gateway: {(self.folder / f'gateway-{self.port}.log').read_text()}")

    def kill(self) -> None:
        """kill -9, and waits for the end."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(20)

    def stop(self) -> int:
        """SIGTERM; the exit code."""
        assert self.process is not None
        self.process.terminate()
        return self.process.wait(20)

    def _is_ready(self) -> bool:
        try:
            return Gateway(self.port, self.broker).ask("GET", "/readyz").status == 200
        except OSError:
            return False
