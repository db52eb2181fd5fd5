"""The long proof of an outage: ClickHouse stands still for ten minutes, and nothing is lost, and the sink stays small.

A sink with its settings as shipped stores 20,000 samples a second of 2,500 servers. The engine is stopped, the load
goes on; then the engine starts, and the sink has to catch up while the load still goes on. The last line printed is a
JSON object. ``PULSEMON_PROVE_OUTAGE_SECONDS`` makes the outage shorter.
"""

import json
import os
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psutil
import pytest
from pulsemon_deploy.bench.cpu import cpu_seconds
from pulsemon_deploy.bench.fleet import INTERVAL_MS, SERIES, Fleet
from pulsemon_deploy.bench.report import commit
from pulsemon_schemas.partitioner import partition_for
from support.clickhouse import Engine, running_engine
from support.kafka import running_broker
from support.sinks import Place, SinkProcess
from support.waiting import wait_until

pytestmark = [pytest.mark.kafka, pytest.mark.clickhouse, pytest.mark.slow, pytest.mark.timeout(3600)]

OUTAGE_SECONDS = float(os.environ.get("PULSEMON_PROVE_OUTAGE_SECONDS", "600"))
STEADY_SECONDS = 40.0
SERVERS = 2500
PARTITIONS = 4
BATCHES_A_SECOND = SERVERS * 1000 // INTERVAL_MS
SAMPLES_A_SECOND = BATCHES_A_SECOND * SERIES
# What is stored lags what is sent by a flush of the sink and of Kafka's producer at all times, more on a busy machine.
LIVE_SECONDS = 5.0
CATCH_UP_SECONDS = 120.0
WAITING_MB = 64.0
"""Records that may wait, as the sink's settings have it."""
UNDER_WAY_MB = 80.0
"""Fetched ahead by Kafka's client (16 MB), and a block of each partition on its way, once as records and once as a
container."""
FILLING_SECONDS = 60.0
"""So long after the stop everything that may wait does."""
GROWTH_MB = 16.0


class Load:
    """Sends batches at a steady rate from a thread; ``sent`` counts those that Kafka has acknowledged or will."""

    def __init__(self, place: Place) -> None:
        start_ms = int(time.time() * 1000) // INTERVAL_MS * INTERVAL_MS
        self._place = place
        self._fleet = Fleet(SERVERS, start_ms)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="load")
        self.sent = 0

    def start(self) -> None:
        self._thread.start()

    def end(self) -> None:
        self._stop.set()
        self._thread.join()
        self._place.flush()

    def _run(self) -> None:
        began = time.monotonic()
        topic, producer = self._place.topic("metrics"), self._place.producer
        while not self._stop.is_set():
            for message in self._fleet.messages(SERVERS):  # one tick, spread over its ten seconds
                wait = self.sent / BATCHES_A_SECOND - (time.monotonic() - began)
                if wait > 0 and self._stop.wait(wait):
                    return
                producer.produce(topic, message.value, message.key, partition_for(message.key, PARTITIONS))
                producer.poll(0)
                self.sent += 1


class Memory:
    """The largest resident size of a process since it was last asked, in MB, looked at twice a second."""

    def __init__(self, pid: int) -> None:
        self._process = psutil.Process(pid)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="memory")
        self._largest = 0.0
        self._thread.start()

    def largest_mb(self) -> float:
        found, self._largest = self._largest, 0.0
        return round(found, 1)

    def end(self) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(0.5):
            self._largest = max(self._largest, self._process.memory_info().rss / 1e6)


@contextmanager
def under_load(folder: Path) -> Iterator[tuple[Place, Engine, SinkProcess, Load, Memory]]:
    """A broker, an engine, a sink that has its partitions, and the load, all running."""
    with ExitStack() as parts:
        broker = parts.enter_context(running_broker(folder / "broker"))
        engine = parts.enter_context(running_engine(folder))
        place = Place(broker, engine.fresh_database(), broker.create_topics("outage", PARTITIONS), PARTITIONS)
        parts.callback(place.store.close)
        sink = SinkProcess(place, folder / "sink.log", {"flush_seconds": 1.0, "session_timeout_seconds": 10.0})
        sink.start()
        parts.callback(sink.stop)
        load = Load(place)
        load.start()
        parts.callback(load.end)
        assert sink.process is not None
        memory = Memory(sink.process.pid)
        parts.callback(memory.end)
        yield place, engine, sink, load, memory


def stored(place: Place) -> int:
    """Batches that are stored, by the ledger of the engine's own tables; 0 before there are any."""
    try:
        return int(place.rows("SELECT count() FROM {}.batches")[0][0])
    except Exception:  # noqa: BLE001 - the engine is away, or has no tables yet
        return 0


def is_live(place: Place, load: Load) -> bool:
    """Whether the store has all but what is always under way."""
    return stored(place) >= load.sent - LIVE_SECONDS * BATCHES_A_SECOND


def test_an_outage_of_clickhouse_loses_nothing_and_is_caught_up_soon(tmp_path: Path) -> None:
    with under_load(tmp_path) as (place, engine, sink, load, memory):
        assert sink.process is not None
        wait_until(lambda: is_live(place, load), 60.0, "the sink stores what is sent")
        time.sleep(STEADY_SECONDS)  # so long it is watched at its work
        before_mb, sent_before = memory.largest_mb(), load.sent
        wait_until(lambda: is_live(place, load), 30.0, "the sink stores what is sent")

        engine.stop()
        began = time.monotonic()
        cpu_before = cpu_seconds(sink.process.pid)
        time.sleep(min(FILLING_SECONDS, OUTAGE_SECONDS / 2))
        filled_mb = memory.largest_mb()
        time.sleep(OUTAGE_SECONDS - (time.monotonic() - began))
        outage_mb, outage_cpu = memory.largest_mb(), cpu_seconds(sink.process.pid) - cpu_before
        waiting = load.sent - sent_before
        engine.start()
        answered = time.monotonic()
        wait_until(lambda: is_live(place, load), 2 * CATCH_UP_SECONDS + OUTAGE_SECONDS, "the sink has caught up")
        caught_up = time.monotonic()
        after_mb = memory.largest_mb()

        load.end()
        wait_until(lambda: stored(place) >= load.sent, 30.0, "the last batches")
        rows = place.rows("SELECT count(), uniqExact(producer_id, sequence), sum(samples) FROM {}.batches FINAL")[0]
        samples = place.rows("SELECT count() FROM {}.samples FINAL")[0][0]
        skipped = place.rows("SELECT count() FROM {}.sink_skips")[0][0]
        figures = {
            "name": "outage", "commit": commit(), "outage_seconds": round(answered - began, 1),
            "samples_per_second": round(SAMPLES_A_SECOND * 1.0), "samples_sent": load.sent * SERIES,
            "samples_waiting_at_the_end": waiting * SERIES, "samples_lost": load.sent * SERIES - samples,
            "caught_up_seconds": round(caught_up - answered, 1), "sink_mb_before": before_mb,
            "sink_mb_after_a_minute": filled_mb, "sink_mb_in_the_outage": outage_mb, "sink_mb_catching_up": after_mb,
            "sink_core_percent_in_the_outage": round(100 * outage_cpu / (answered - began), 2),
        }  # fmt: skip
        print(f"\n{json.dumps(figures)}")
        assert rows == (load.sent, load.sent, load.sent * SERIES)
        assert samples == load.sent * SERIES
        assert skipped == 0
        if OUTAGE_SECONDS >= 2 * FILLING_SECONDS:
            assert outage_mb <= filled_mb + GROWTH_MB
        assert max(outage_mb, after_mb) <= before_mb + WAITING_MB + UNDER_WAY_MB
        assert caught_up - answered <= CATCH_UP_SECONDS
