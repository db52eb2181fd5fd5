"""What services trust the client with, in numbers: ``make prove-client``.

A million calls of sixteen threads, alone and in four forked workers; a broker that is away for half a minute, and for
longer than the buffer lasts; gunicorn with threads. Sums at the topic, and in the store behind a sink, are compared
with sums called. ``PULSEMON_PROVE_AWAY_SECONDS=600`` has the broker away for ten minutes.
"""

import json
import logging
import os
import statistics
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from pulsemon import Client
from pulsemon_deploy.kafka import ensure_topics
from pulsemon_producers.client.kafka_transport import KafkaTransport
from pulsemon_schemas.records import MetricBatch
from pulsemon_schemas.topics import EVENTS, METRICS
from support import sinks
from support.clickhouse import Engine
from support.embedded_clients import Place, last_values, read_all, series_at, serve_with_gunicorn
from support.kafka import Broker, running_broker
from support.waiting import wait_until

pytestmark = [pytest.mark.kafka, pytest.mark.clickhouse, pytest.mark.slow]

AWAY_SECONDS = 30.0
LONG_AWAY_SECONDS = float(os.environ.get("PULSEMON_PROVE_AWAY_SECONDS", "30"))
"""Read here: a fixture clears the environment of each test."""
LONG_INTERVAL_SECONDS = 0.5
BUFFERED_BATCHES = round(LONG_AWAY_SECONDS / LONG_INTERVAL_SECONDS / 5)
"""A fifth of what is read meanwhile."""
RSS_GROWTH_MB = 3.0
"""Once the buffer is full; what the allocator rounds, and libraries that are used for the first time."""
THREADS = 16
WORKERS = 4
CALLS_A_THREAD = 1_000_000

INTERVAL_SECONDS = 0.1
INTERVAL_MS = 100
LONGEST_CALL_SECONDS = 0.5
"""A call takes less than a microsecond; the machine may give its core to others."""


def series_of(batch: MetricBatch) -> list[tuple[str, str]]:
    return list(zip(batch.names, batch.labels, strict=True))


class Caller(threading.Thread):
    """Calls all the time, and notes how long the longest call took."""

    def __init__(self, client: Client) -> None:
        super().__init__()
        self.calls = 0
        self.longest_seconds = 0.0
        self._client = client
        self._stops = threading.Event()

    def run(self) -> None:
        while not self._stops.wait(0.001):
            begun = time.monotonic()
            self._client.count("shop.hits")
            self.longest_seconds = max(self.longest_seconds, time.monotonic() - begun)
            self.calls += 1

    def end(self) -> None:
        self._stops.set()
        self.join()


@pytest.mark.timeout(0)
def test_a_broker_that_is_away_costs_nothing_but_memory(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "pulsemon_producers")
    with running_broker(tmp_path / "broker") as broker:
        ensure_topics(broker.settings, 4, [METRICS])
        client = Client(
            "shop",
            transport=lambda: KafkaTransport(broker.settings),
            flush_interval_seconds=INTERVAL_SECONDS,
            max_buffered_batches=3600,
            runtime_folder=str(tmp_path / "slots"),
            handles_sigterm=False,
            environ={},
        )
        caller = Caller(client)
        caller.start()
        try:
            assert client.flush(20)
            broker.kill()
            calls = caller.calls
            wait_until(lambda: "does not take metrics" in caplog.text, 20, "the client to notice")
            assert not client.flush(AWAY_SECONDS)
            assert caller.calls > calls
            broker.start()
            assert client.flush(30)
        finally:
            caller.end()
        assert client.close(30)
        batches = [batch for batch in read_all(broker.settings, METRICS.name) if isinstance(batch, MetricBatch)]

    once = {batch.sequence: batch for batch in batches}
    assert sorted(once) == list(range(len(once))), "none is missing"
    assert sum(last_values(list(once.values()), "shop.hits").values()) == caller.calls
    ticks = sorted(at_ms for _, at_ms in series_at(list(once.values()), "shop.hits") if at_ms % INTERVAL_MS == 0)
    missed = (ticks[-1] - ticks[0]) // INTERVAL_MS + 1 - len(ticks)
    assert missed <= len(ticks) // 10, "it goes on reading while nothing can be sent"
    assert all(batch.dropped == {} for batch in batches)
    assert caller.longest_seconds < LONGEST_CALL_SECONDS
    assert caplog.text.count("does not take metrics") == caplog.text.count("takes metrics again") == 1
    print(
        f"away {AWAY_SECONDS:g} s: {caller.calls} calls, {len(once)} batches, each tick but {missed} of {len(ticks)}; "
        f"longest call {1000 * caller.longest_seconds:.1f} ms"
    )


class Told:
    """What the program of ``tests/support/services/outage.py`` says, as it says it."""

    def __init__(self, program: subprocess.Popen[str]) -> None:
        self.lines: list[dict[str, Any]] = []
        self._program = program
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def _read(self) -> None:
        assert self._program.stdout is not None
        self.lines.extend(map(json.loads, self._program.stdout))

    def end(self) -> dict[str, Any]:
        """Lets the program end; its last line."""
        assert self._program.stdin is not None
        self._program.stdin.close()
        self._thread.join()
        assert self._program.wait() == 0
        return self.lines[-1]


def check_outage(batches: Sequence[MetricBatch], last: dict[str, Any]) -> str:
    """Everything that was called arrived or is counted, to the value; what happened in words."""
    once = {batch.sequence: batch for batch in batches}
    assert sorted(once) == list(range(len(once))), "none is missing"
    arrived = [dict(zip(batch.names, batch.values, strict=True))["shop.readings"] for batch in once.values()]
    assert len(arrived) == len(set(arrived))
    samples = len(once[len(once) - 1].values)
    lost = last["readings"] - len(arrived)
    told = {reason: sum(one.dropped.get(reason, 0) for one in once.values()) for reason in last["dropped"]}
    hits = sum(last_values(list(once.values()), "shop.hits").values())
    assert {"hits": hits, **last["dropped"]} == {**last["called"], "queue_full": lost * samples}
    assert told == last["dropped"], "the batches that arrived say the same"
    return f"{last['calls']} calls, {last['readings']} readings, {len(arrived)} arrived, dropped {last['dropped']}"


@pytest.mark.timeout(0)
def test_a_broker_that_is_away_for_longer_than_the_buffer_lasts(tmp_path: Path) -> None:
    with running_broker(tmp_path / "broker") as broker:
        ensure_topics(broker.settings, 4, [METRICS, EVENTS])
        place = Place(broker, {METRICS.name: METRICS.name, EVENTS.name: EVENTS.name}, tmp_path)
        with place.start("outage", str(LONG_INTERVAL_SECONDS), str(BUFFERED_BATCHES)) as program:
            told = Told(program)
            wait_until(lambda: len(told.lines) >= 2, 30, "the program to run")
            broker.kill()
            begun = len(told.lines)
            wait_until(lambda: len(told.lines) >= begun + LONG_AWAY_SECONDS, 2 * LONG_AWAY_SECONDS, "the outage to end")
            away = told.lines[begun:]
            broker.start()
            last = told.end()
        batches = place.batches()

    print(f"away {LONG_AWAY_SECONDS:g} s, {BUFFERED_BATCHES} batches may wait: {check_outage(batches, last)}")
    rss_mb = [line["rss_mb"] for line in away]
    begins = len(rss_mb) // 4
    full = statistics.median(rss_mb[begins : 2 * begins])
    print(f"RSS in MB, twenty times over the outage: {[round(one, 1) for one in rss_mb[:: max(1, len(rss_mb) // 20)]]}")
    print(f"RSS with a full buffer {full:.1f}, at most {max(rss_mb):.1f} MB; longest call {last['longest_ms']:.2f} ms")
    assert max(rss_mb[begins:]) < full + RSS_GROWTH_MB
    assert last["dropped"]["queue_full"] > 0
    assert last["longest_ms"] < 1000 * LONGEST_CALL_SECONDS


@pytest.fixture
def store(kafka: Broker, clickhouse: Engine) -> Iterator[sinks.Place]:
    """Topics and a database for one test."""
    place = sinks.Place(kafka, clickhouse.fresh_database(), kafka.create_topics("client"), partition_count=4)
    yield place
    place.store.close()
    clickhouse.drop(place.clickhouse)


@pytest.mark.timeout(0)
@pytest.mark.parametrize("way", ["os", "multiprocessing"])
def test_sixteen_threads_of_five_processes_lose_none_of_a_million_calls_each(
    store: sinks.Place, tmp_path: Path, way: str
) -> None:
    place = Place(store.broker, store.topics, tmp_path)
    with sinks.running_sink(store):
        place.run("forks", way, str(CALLS_A_THREAD), timeout_seconds=1200, is_starved=True)
        called = (1 + WORKERS) * THREADS * CALLS_A_THREAD + 7 + 5
        batches = place.batches()
        arrived = sum(last_values(batches, "shop.hits").values())
        assert arrived == called
        ticks = {(name, labels, one.recorded_at_ms) for one in batches for name, labels in series_of(one)}
        assert len(ticks) == sum(len(one.values) for one in batches), "no series has two values at one tick"
        store.wait_for("samples", len(ticks), 60)
    stored = store.rows(
        "SELECT sum(last) FROM (SELECT argMax(value, recorded_at) AS last FROM {}.samples FINAL"
        " WHERE name = 'shop.hits' GROUP BY server_id, labels)"
    )[0][0]
    assert stored == called
    rows = store.rows("SELECT uniqExact(name, labels), count() FROM {}.samples FINAL")[0]
    assert rows[0] == len({series[:2] for series in ticks})
    print(f"{way}: {called} called, {arrived:.0f} at the topic, {stored:.0f} stored; {rows[0]} series, {rows[1]} rows")


@pytest.mark.timeout(0)
def test_gunicorn_with_threads_counts_every_request_once(kafka: Broker, tmp_path: Path) -> None:
    place = Place(kafka, kafka.create_topics("client", topics=[METRICS, EVENTS]), tmp_path)
    asked = serve_with_gunicorn(place, "gthread", WORKERS, 2000)
    assert sum(last_values(place.batches(), "shop.requests").values()) == asked >= 2000
    print(f"gunicorn: {asked} requests of {WORKERS} workers")
