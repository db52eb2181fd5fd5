"""ClickHouse or Kafka killed, stopped, slow: the sink waits in bounded memory, loses nothing and stores once."""

import signal
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from pulsemon_schemas.codec import BatchEncoder
from support.clickhouse import Engine, running_engine
from support.kafka import Broker, running_broker
from support.sinks import AT_MS, Place, SinkProcess, batch, running_sink
from support.waiting import wait_until

pytestmark = [pytest.mark.kafka, pytest.mark.clickhouse]

ENCODER = BatchEncoder()


@pytest.fixture(name="own_engine")
def engine_to_kill(tmp_path: Path) -> Iterator[Engine]:
    with running_engine(tmp_path) as engine:
        yield engine


@pytest.fixture(name="fragile")
def place_with_own_engine(kafka: Broker, own_engine: Engine) -> Iterator[Place]:
    topics = kafka.create_topics("faults", partition_count=2)
    place = Place(kafka, own_engine.fresh_database(), topics, partition_count=2)
    yield place
    place.store.close()
    kafka.delete_topics(topics)


def test_an_engine_that_is_killed_in_the_middle(fragile: Place, own_engine: Engine) -> None:
    servers = [f"web-{n}" for n in range(6)]
    with running_sink(fragile, flush_samples=30, flush_seconds=0.05):
        for n in range(30):
            fragile.send(batch(server, n) for server in servers)
            if n % 10 == 5:
                own_engine.kill()
            if n % 10 == 8:
                own_engine.start()
        fragile.wait_for("batches", 180, timeout_seconds=40)
        fragile.wait_for("samples", 540)
    assert fragile.rows("SELECT count() FROM {}.batches") == [(180,)]


WARM_UP_BATCHES = 200
"""As much as the buffers hold: what the sink takes to work at all is not what this is about."""


@pytest.mark.slow
def test_memory_stays_bounded_while_the_engine_is_away(fragile: Place, own_engine: Engine, tmp_path: Path) -> None:
    """About 50 MB of records come while nothing can be stored; 2 MB of buffer are allowed, and the client's queue."""
    names = tuple(f"test.metric_{n:05d}" for n in range(2000))
    sink = SinkProcess(fragile, tmp_path / "sink.log", {"buffer_bytes": 2_000_000})
    try:
        sink.start()
        for n in range(WARM_UP_BATCHES):
            fragile.send_raw(*big("web-0", n, names))
        fragile.wait_for("batches", WARM_UP_BATCHES, timeout_seconds=60)
        assert sink.process is not None
        memory = psutil.Process(sink.process.pid)
        before = memory.memory_info().rss
        own_engine.kill()
        for n in range(1500):
            fragile.send_raw(*big("web-1", n, names))
            if n % 200 == 0:
                fragile.flush()
        fragile.flush()
        wait_until(lambda: "does not" in (tmp_path / "sink.log").read_text(), 20, "the sink notices")
        grown_mb = (memory.memory_info().rss - before) / 1e6
        assert grown_mb < 40, f"{grown_mb:.0f} MB more"
        own_engine.start()
        fragile.wait_for("batches", WARM_UP_BATCHES + 1500, timeout_seconds=60)
    finally:
        sink.stop()
    assert fragile.rows("SELECT count() FROM {}.samples FINAL WHERE server_id = 'web-1'") == [(1500 * len(names),)]


def big(server: str, sequence: int, names: tuple[str, ...]) -> tuple[bytes, bytes]:
    count = len(names)
    at_ms = AT_MS + sequence * 1000
    one = batch(server, sequence, recorded_at_ms=at_ms, names=names, labels=("",) * count, values=(1.0,) * count)
    return server.encode(), ENCODER.encode(one)


def test_an_engine_that_hangs_and_goes_on(fragile: Place, own_engine: Engine) -> None:
    process = psutil.Process(own_engine.pid)
    with running_sink(fragile, flush_seconds=0.05):
        fragile.send([batch(sequence=0)])
        fragile.wait_for("batches", 1)
        process.send_signal(signal.SIGSTOP)
        fragile.send(batch(sequence=n) for n in range(1, 20))
        process.send_signal(signal.SIGCONT)
        fragile.wait_for("batches", 20)


def test_a_broker_that_is_killed_and_comes_back(clickhouse: Engine, tmp_path: Path) -> None:
    with running_broker(tmp_path) as broker:
        topics = broker.create_topics("faults", partition_count=2)
        place = Place(broker, clickhouse.fresh_database(), topics, partition_count=2)
        with running_sink(place, flush_seconds=0.05):
            place.send(batch(sequence=n) for n in range(10))
            place.wait_for("batches", 10)
            broker.kill()
            broker.start()
            place.send(batch(sequence=n) for n in range(10, 20))
            place.wait_for("batches", 20, timeout_seconds=40)
            place.wait_for("samples", 60)
        place.store.close()


@pytest.mark.slow
def test_a_sink_waits_for_both_at_its_start(own_engine: Engine, tmp_path: Path) -> None:
    with running_broker(tmp_path / "broker") as broker:
        topics = broker.create_topics("faults", partition_count=2)
        place = Place(broker, own_engine.fresh_database(), topics, partition_count=2)
        place.send(batch(sequence=n) for n in range(5))
        broker.kill()
        own_engine.kill()
        sink = SinkProcess(place, tmp_path / "sink.log", {"flush_seconds": 0.1})
        try:
            sink.start()
            wait_until(lambda: "does not answer" in (tmp_path / "sink.log").read_text(), 20, "the sink tries")
            own_engine.start()
            wait_until(lambda: "Kafka does not describe" in (tmp_path / "sink.log").read_text(), 20, "Kafka is missed")
            broker.start()
            place.wait_for("batches", 5, timeout_seconds=40)
        finally:
            sink.stop()
            place.store.close()
