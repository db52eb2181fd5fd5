"""``bench alert-latency``: from a sample that crosses a limit to its event, readable for who reads committed records.

20,000 samples a second in batches of 48 flow steadily; every host crosses the limit of a rule without ``for`` now and
then, and comes back. The sample's own time is when it was taken; the event's is when a consumer has it decoded.
"""

import json
import os
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from confluent_kafka import Consumer, Producer
from pulsemon_schemas import codec
from pulsemon_schemas.batch_encoder import BatchEncoder
from pulsemon_schemas.records import AlertEvent, ControlRecord, MetricBatch
from pulsemon_schemas.runtime.kafka import KafkaSettings, consumer_config, producer_config
from pulsemon_schemas.topics import ALERTS, CONTROL, METRICS

from pulsemon_deploy.bench import parts
from pulsemon_deploy.bench.cpu import cpu_seconds
from pulsemon_deploy.bench.figures import Measurement
from pulsemon_deploy.bench.runner import Bench
from pulsemon_deploy.kafka import ensure_topics

PARTITIONS = 4
HOSTS = 100
SAMPLES_A_SECOND = 20_000
SAMPLES = 48
BUSY = "system.cpu.busy"
LIMIT = 0.9
PERIOD_STEPS = 10
WAIT_SECONDS = 60.0


class AlertReader:
    """Reads events as a consumer of alerts does, and notes how old their samples are, in milliseconds."""

    def __init__(self, kafka: KafkaSettings) -> None:
        self.ages_ms: list[float] = []
        self._consumer = Consumer(
            {**consumer_config(kafka, "pulsemon-bench", "pulsemon-bench"), "fetch.wait.max.ms": 10}
        )
        self._consumer.subscribe([ALERTS.name])
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="alerts")
        self._thread.start()

    def close(self) -> None:
        """Ends reading."""
        self._stop.set()
        self._thread.join()
        self._consumer.close()

    def _run(self) -> None:
        while not self._stop.is_set():
            message = self._consumer.poll(0.1)
            if message is None or message.error():
                continue
            event = codec.decode(message.value() or b"")
            if isinstance(event, AlertEvent):
                self.ages_ms.append(time.time() * 1000 - event.occurred_at_ms)


@dataclass
class LatencyRounds:
    """Each round is some seconds of the same steady stream."""

    kafka: KafkaSettings
    worker_pid: int
    alerts: AlertReader
    seconds: float
    _sent: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self._producer = Producer(producer_config(self.kafka, "pulsemon-bench") | {"linger.ms": 5})
        self._encoder = BatchEncoder()
        self._names, self._labels = zip(*_series(), strict=True)
        self._busy_at = self._names.index(BUSY)

    def warm_up(self) -> None:
        """Until the first events come."""
        deadline = time.monotonic() + WAIT_SECONDS
        while not self.alerts.ages_ms and time.monotonic() < deadline:
            self._stream(2.0)

    def measure(self) -> Mapping[str, Measurement]:
        """All figures of one round."""
        self.alerts.ages_ms.clear()
        cpu_before, sent_before = cpu_seconds(self.worker_pid), self._sent
        self._stream(self.seconds)
        time.sleep(1.0)  # the last events are still on their way
        cpu, batches = cpu_seconds(self.worker_pid) - cpu_before, self._sent - sent_before
        ages_ms = sorted(self.alerts.ages_ms)
        assert len(ages_ms) >= 100, f"only {len(ages_ms)} events were read"
        return {
            "p50_ms": Measurement(ages_ms[len(ages_ms) // 2], "ms"),
            "p99_ms": Measurement(ages_ms[int(len(ages_ms) * 0.99)], "ms"),
            "max_ms": Measurement(ages_ms[-1], "ms"),
            "events": Measurement(len(ages_ms), "1"),
            "samples_per_second": Measurement(batches * SAMPLES / self.seconds, "1/s"),
            "core_percent": Measurement(100 * cpu / (self.seconds + 1.0), "%"),
        }

    def _stream(self, seconds: float) -> None:
        began, first = time.monotonic(), self._sent
        while (passed := time.monotonic() - began) < seconds:
            due = first + passed * SAMPLES_A_SECOND / SAMPLES
            while self._sent < due:
                self._send()
            self._producer.poll(0)
            time.sleep(0.001)
        self._producer.flush(WAIT_SECONDS)

    def _send(self) -> None:
        host, step = self._sent % HOSTS, self._sent // HOSTS
        self._sent += 1
        now_ms = int(time.time() * 1000)
        values = [0.1] * SAMPLES
        values[self._busy_at] = 0.95 if (step + host) % PERIOD_STEPS == 0 else 0.1
        server_id = f"host-{host:03d}"
        batch = MetricBatch(
            server_id,
            "simulator",
            f"bench-{host}",
            step,
            "",
            -1,
            now_ms,
            now_ms,
            self._names,
            self._labels,
            tuple(values),
        )
        self._producer.produce(METRICS.name, self._encoder.encode(batch), server_id.encode())


def _series() -> list[tuple[str, str]]:
    """Names and labels of a batch, half of them labelled; the rule is about one."""
    rest = [(f"system.plain.metric_{number:02d}", "kind=a" if number % 2 else "") for number in range(SAMPLES - 1)]
    return sorted([(BUSY, ""), *rest])


@contextmanager
def prepare(folder: Path, quick: bool) -> Iterator[LatencyRounds]:
    """Starts Kafka, one worker, and a reader of alerts."""
    with parts.kafka(folder) as node:
        admin = node.settings_for("admin")
        ensure_topics(admin, PARTITIONS)
        control = Producer(producer_config(admin, "pulsemon-bench"))
        control.produce(CONTROL.name, codec.encode(_rule()), b"busy", 0)
        control.flush(WAIT_SECONDS)
        own = {"tick_key": os.urandom(16).hex()}
        with parts.processor(folder, node.settings_for("processor"), **own) as worker:
            alerts = AlertReader(admin)
            try:
                yield LatencyRounds(admin, worker.pid, alerts, 8.0 if quick else 20.0)
            finally:
                alerts.close()


def _rule() -> ControlRecord:
    body = json.dumps({"metric": BUSY, "levels": {"critical": {"limit": LIMIT}}})
    return ControlRecord("rule", "busy", "put", -1, "bench", "bench", "", "", body)


BENCH = Bench(
    prepare,
    rounds=5,
    quick_rounds=2,
    packages=("faust-streaming", "aiokafka", "uvloop", "confluent-kafka"),
)
