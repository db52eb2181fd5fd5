"""``bench engine``: what a sample costs in the pure engine alone, one core, without Kafka and without Faust.

Batches of hosts with 180 series, of which ``judged_series`` says more: every default rule judges at least one. Ticks
every 5 s. One host in ten has one trouble after the other, so alerts come and go. The first half of the log fills
windows and plans; the second half is measured.
"""

import json
import random
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pulsemon_schemas.batch_encoder import BatchEncoder
from pulsemon_schemas.records import ControlRecord, LogRecord, MetricBatch
from pulsemon_schemas.rules import default_records, default_rules
from pulsemon_schemas.rules.rule import FLEET
from pulsemon_schemas.ticks import TICK_KEY, make_tick
from pulsemon_schemas.topics import METRICS
from pulsemon_schemas.validity import check
from pulsemon_schemas.walker import walk
from pulsemon_stream_processors.engine import ControlHistory, PartitionEngine, Place, pack

from pulsemon_deploy.bench.figures import Measurement
from pulsemon_deploy.bench.judged_series import INTERVAL_SECONDS, due, series, trouble, value
from pulsemon_deploy.bench.runner import Bench

HOSTS = 200
START_MS = 1_780_000_000_000
INTERVAL_MS = INTERVAL_SECONDS * 1000
TICK_MS = 5_000
ILL_EVERY = 10
SECRET = b"only for this benchmark"
PLACE = Place("bench", 0, 1, SECRET)


@dataclass(frozen=True, slots=True)
class Logs:
    """A metrics log in two halves, and the control log that its Ticks name."""

    control: tuple[ControlRecord, ...]
    first: list[LogRecord]
    second: list[LogRecord]

    def history(self) -> ControlHistory:
        """The control log as an engine reads it."""
        found = ControlHistory(PLACE.partition_count)
        for offset, record in enumerate(self.control):
            found.append(offset, record)
        return found


def make_logs(steps: int) -> Logs:
    """``steps`` intervals of all hosts."""
    control = (*default_records(), *(_server(number) for number in range(HOSTS)))
    of_host = series()
    chance = random.Random(1)
    encoder = BatchEncoder()
    records: list[LogRecord] = []
    for step in range(steps):
        now_ms = START_MS + step * INTERVAL_MS
        names, labels = zip(*due(of_host, step), strict=True)
        for part in range(INTERVAL_MS // TICK_MS):
            at_ms = now_ms + part * TICK_MS
            records.append(LogRecord(METRICS.name, 0, len(records), at_ms, TICK_KEY, _tick(at_ms, len(control) - 1)))
        for number in range(HOSTS):
            ill = "" if number % ILL_EVERY else trouble(number // ILL_EVERY, step)
            values = tuple(value(chance, *one, step, ill) for one in zip(names, labels, strict=True))
            server_id, producer_id = _server_id(number), f"bench-{number}"
            batch = MetricBatch(server_id, "simulator", producer_id, step, "", -1, at_ms, at_ms, names, labels, values)
            records.append(LogRecord(METRICS.name, 0, len(records), at_ms, server_id.encode(), encoder.encode(batch)))
    return Logs(control, records[: len(records) // 2], records[len(records) // 2 :])


def sample_count(records: Iterable[LogRecord]) -> int:
    """How many samples the batches among these have."""
    return sum(walk(record.value).sample_count for record in records if record.key != TICK_KEY)


@dataclass
class Round:
    """Measures one round after another, each with a new engine."""

    logs: Logs

    def warm_up(self) -> None:
        """Applies the first half."""
        engine = PartitionEngine(PLACE, self.logs.history())
        for record in self.logs.first:
            engine.apply(record)

    def measure(self) -> Mapping[str, Measurement]:
        """All figures of one round."""
        engine = PartitionEngine(PLACE, self.logs.history())
        for record in self.logs.first:
            engine.apply(record)
        _assert_all_rules_judge(engine)
        samples, batches = sample_count(self.logs.second), sum(one.key != TICK_KEY for one in self.logs.second)
        outputs = 0
        started = time.process_time()
        for record in self.logs.second:
            outputs += len(engine.apply(record))
        seconds = time.process_time() - started
        started = time.process_time()
        for record in self.logs.second:
            check(record, PLACE.partition_count, SECRET)
        reading = time.process_time() - started
        packed = [len(pack(engine.snapshot(server_id) or {})) for server_id in engine.server_ids]
        return {
            "samples_per_core_second": Measurement(samples / seconds, "1/s"),
            "us_per_sample": Measurement(1e6 * seconds / samples, "us"),
            "us_per_sample_reading_and_checking": Measurement(1e6 * reading / samples, "us"),
            "us_per_sample_judging_and_writing": Measurement(1e6 * (seconds - reading) / samples, "us"),
            "outputs_per_batch": Measurement(outputs / batches, "1"),
            "snapshot_bytes": Measurement(sum(packed) / len(packed), "By"),
        }


@contextmanager
def prepare(_folder: Path, quick: bool) -> Iterator[Round]:
    """Makes the log once for all rounds."""
    yield Round(make_logs(48 if quick else 144))


def _assert_all_rules_judge(engine: PartitionEngine) -> None:
    """A rule that judges nothing would make the figures better than they are."""
    state = engine.snapshot(_server_id(1))
    assert state is not None
    judging = {watch["rule"] for watch in state["watches"]} | {state["absence"]["rule"]}
    wanted = {
        index
        for index, rule in enumerate(default_rules())
        if rule.enabled and rule.scope.kind == "global" and rule.kind != FLEET
    }
    assert judging == wanted, f"rules at {sorted(judging)} judge, not those at {sorted(wanted)}"


def _server_id(number: int) -> str:
    return f"host-{number:05d}.example.net"


def _server(number: int) -> ControlRecord:
    body = json.dumps({"environment": "production", "role": "web"})
    return ControlRecord("server", _server_id(number), "put", -1, f"bench-{number}", "bench", "", "", body)


def _tick(now_ms: int, control_offset: int) -> bytes:
    tick = make_tick(
        SECRET,
        partition=0,
        topic_id=PLACE.topic_id,
        control_topic_id="bench-control",
        control_offset=control_offset,
        producer_id="bench",
        sequence=0,
        now_ms=now_ms,
    )
    return BatchEncoder().encode(tick)


BENCH = Bench(prepare, rounds=5, quick_rounds=3, packages=("fastavro",))
