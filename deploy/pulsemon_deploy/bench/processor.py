"""``bench processor``: what a sample costs on its way through a real Kafka and one worker, all that it writes included.

The log is that of ``bench engine``: hosts with 180 series, every default rule judging live ones, one host in ten ill
now and then. A round sends a backlog and waits until the group has committed its end, so outputs, transactions,
snapshots, rounds and Ticks are in the figure.
"""

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from confluent_kafka import Consumer, Producer, TopicPartition
from pulsemon_schemas import codec
from pulsemon_schemas.records import LogRecord
from pulsemon_schemas.runtime.kafka import KafkaSettings, client_config, producer_config
from pulsemon_schemas.ticks import TICK_KEY
from pulsemon_schemas.topics import CONTROL, METRICS, PROCESSOR_STATE

from pulsemon_deploy.bench import parts
from pulsemon_deploy.bench.cpu import cpu_seconds
from pulsemon_deploy.bench.engine import HOSTS, make_logs, sample_count
from pulsemon_deploy.bench.figures import Measurement
from pulsemon_deploy.bench.runner import Bench
from pulsemon_deploy.kafka import ensure_topics

PARTITIONS = 4
GROUP = "pulsemon-processor"
WARM_UP_STEPS = 40
ROUND_SECONDS = 5.0
WAIT_SECONDS = 120.0
FLUSH_RECORDS = 10_000


@dataclass
class ProcessorRounds:
    """Each round is the next piece of one log."""

    kafka: KafkaSettings
    worker_pid: int
    records: Sequence[LogRecord]
    batches_a_round: int
    _at: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self._producer = Producer(producer_config(self.kafka, "pulsemon-bench"))
        self._consumer = Consumer({**client_config(self.kafka), "group.id": GROUP})

    def warm_up(self) -> None:
        """Fills the windows, and waits for a first round."""
        self._through(WARM_UP_STEPS * HOSTS)

    def measure(self) -> Mapping[str, Measurement]:
        """All figures of one round."""
        state_before, cpu_before, began = self._state_records(), cpu_seconds(self.worker_pid), time.monotonic()
        samples = self._through(self.batches_a_round)
        seconds, wall_seconds = cpu_seconds(self.worker_pid) - cpu_before, time.monotonic() - began
        return {
            "samples_per_core_second": Measurement(samples / seconds, "1/s"),
            "us_per_batch": Measurement(1e6 * seconds / self.batches_a_round, "us"),
            "samples_per_second_until_committed": Measurement(samples / wall_seconds, "1/s"),
            "state_records_per_batch": Measurement((self._state_records() - state_before) / self.batches_a_round, "1"),
        }

    def close(self) -> None:
        """Ends the connections."""
        self._consumer.close()

    def _through(self, count: int) -> int:
        """Sends batches and waits until the worker has committed all of them; returns how many samples they have."""
        piece = self.records[self._at : self._at + count]
        self._at += count
        assert len(piece) == count, "the log is too short for the rounds"
        samples = sample_count(piece)
        for number, record in enumerate(piece):
            self._producer.produce(METRICS.name, record.value, record.key)
            if number % FLUSH_RECORDS == 0:
                self._producer.flush(WAIT_SECONDS)
        self._producer.flush(WAIT_SECONDS)
        ends = self._ends(METRICS.name)
        parts.wait_until(lambda: self._is_committed(ends), WAIT_SECONDS, "the group's commit")
        return samples

    def _is_committed(self, ends: Sequence[int]) -> bool:
        places = [TopicPartition(METRICS.name, partition) for partition in range(PARTITIONS)]
        return all(one.offset >= end for one, end in zip(self._consumer.committed(places, 10), ends, strict=True))

    def _state_records(self) -> int:
        return sum(self._ends(PROCESSOR_STATE.name))

    def _ends(self, topic: str) -> list[int]:
        places = [TopicPartition(topic, partition) for partition in range(PARTITIONS)]
        return [self._consumer.get_watermark_offsets(place, 10)[1] for place in places]


@contextmanager
def prepare(folder: Path, quick: bool) -> Iterator[ProcessorRounds]:
    """Starts Kafka and one worker; the log is made for all rounds at once."""
    rounds, steps = (2, 36) if quick else (5, 96)
    logs = make_logs(WARM_UP_STEPS + rounds * steps)
    batches = [record for record in (*logs.first, *logs.second) if record.key != TICK_KEY]
    with parts.kafka(folder) as node:
        admin = node.settings_for("admin")
        ensure_topics(admin, PARTITIONS)
        control = Producer(producer_config(admin, "pulsemon-bench"))
        for record in logs.control:
            control.produce(CONTROL.name, codec.encode(record), record.entity_id.encode(), 0)
        control.flush(WAIT_SECONDS)
        own = {"tick_key": os.urandom(16).hex(), "round_seconds": ROUND_SECONDS}
        with parts.processor(folder, node.settings_for("processor"), **own) as worker:
            made = ProcessorRounds(admin, worker.pid, batches, steps * HOSTS)
            yield made
            made.close()


BENCH = Bench(
    prepare,
    rounds=5,
    quick_rounds=2,
    packages=("faust-streaming", "aiokafka", "uvloop", "confluent-kafka", "fastavro"),
)
