"""kill -9 of sinks, in the middle of their work: what the broker acknowledged is stored once."""

import random
import signal
import time
from itertools import pairwise
from pathlib import Path

import pytest
from support.sinks import Place, SinkProcess, batch, running_sink

pytestmark = [pytest.mark.kafka, pytest.mark.clickhouse]


def check(place: Place, servers: int, count: int) -> None:
    """Counted by producer and sequence, by samples, and by the chain of blocks."""
    place.wait_for("batches", servers * count, timeout_seconds=60)
    place.wait_for("samples", 3 * servers * count)
    counts = place.rows(
        "SELECT producer_id, count(), uniqExact(sequence), min(sequence), max(sequence) FROM {}.batches FINAL "
        "GROUP BY producer_id"
    )
    assert {row[1:] for row in counts} == {(count, count, 0, count - 1)}
    values = place.rows("SELECT sum(value) FROM {}.samples FINAL WHERE name = 'test.plain'")
    assert values == [(float(servers * count * (count - 1) // 2),)]
    for partition in range(place.partition_count):
        rows = place.rows(
            "SELECT first_offset, last_offset FROM {}.sink_ledger "
            f"WHERE partition = {partition} ORDER BY first_offset"
        )
        assert len({row[0] for row in rows}) == len(rows), "a block was cut twice"
        assert all(following[0] == one[1] + 1 for one, following in pairwise(rows))


def test_a_sink_that_is_killed_again_and_again_stores_everything_once(place: Place, tmp_path: Path) -> None:
    chance = random.Random(7)
    servers, count = [f"web-{n}" for n in range(8)], 60
    sink = SinkProcess(place, tmp_path / "sink.log")
    try:
        for n in range(count):
            place.send(batch(server, n) for server in servers)
            if n % 10 == 0:
                sink.stop()
                sink.changes = {"flush_samples": chance.randint(20, 200), "flush_seconds": 0.05, "instance_id": "one"}
                sink.start()
            if n % 10 == 9:
                time.sleep(chance.uniform(0.4, 1.6))  # dies at any moment of its work, not when it is done
                sink.signal(signal.SIGKILL)
        with running_sink(place, instance_id="one"):
            check(place, len(servers), count)
    finally:
        sink.stop()
    # a copy without keys shows what the tokens alone did
    assert place.rows("SELECT count() FROM {}.batches")[0][0] == len(servers) * count


def test_two_sinks_share_the_partitions_and_one_takes_over(place: Place, tmp_path: Path) -> None:
    servers, count = [f"web-{n}" for n in range(8)], 30
    sinks = [
        SinkProcess(place, tmp_path / f"sink-{n}.log", {"flush_samples": 40, "flush_seconds": 0.1}) for n in range(2)
    ]
    try:
        for one in sinks:
            one.start()
        for n in range(count):
            place.send(batch(server, n) for server in servers)
            if n == count // 2:
                place.wait_for("batches", 8 * (count // 2 + 1), timeout_seconds=30)
                sinks[0].signal(signal.SIGKILL)
        check(place, len(servers), count)
    finally:
        for one in sinks:
            one.stop()


@pytest.mark.slow
def test_a_stopped_sink_that_goes_on_as_a_zombie_changes_nothing(place: Place, tmp_path: Path) -> None:
    servers, count = [f"web-{n}" for n in range(4)], 30
    zombie = SinkProcess(place, tmp_path / "zombie.log", {"flush_samples": 30, "flush_seconds": 0.1})
    try:
        zombie.start()
        place.send(batch(server, n) for n in range(count // 2) for server in servers)
        place.wait_for("batches", 4 * (count // 2), timeout_seconds=30)
        place.send(batch(server, n) for n in range(count // 2, count) for server in servers)
        zombie.signal(signal.SIGSTOP)
        with running_sink(place, flush_samples=50):
            check(place, len(servers), count)
            zombie.signal(signal.SIGCONT)
            place.send(batch("db-1", n) for n in range(count))
            check(place, len(servers) + 1, count)
    finally:
        zombie.stop()
