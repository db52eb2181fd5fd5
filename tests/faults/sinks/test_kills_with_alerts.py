"""kill -9 of a sink while alerts and states flow beside the metrics: each is stored once, and no state is old."""

import random
import signal
import time
from itertools import pairwise
from pathlib import Path

import pytest
from support.alerts import send, state, transition
from support.sinks import Place, SinkProcess, batch, running_sink
from support.waiting import wait_until

pytestmark = [pytest.mark.kafka, pytest.mark.clickhouse]

SERVERS = [f"web-{number}" for number in range(6)]
KILLS, ROUNDS_A_LIFE = 5, 8


def test_alerts_and_states_survive_a_sink_that_is_killed_again_and_again(place: Place, tmp_path: Path) -> None:
    chance = random.Random(11)
    sink = SinkProcess(place, tmp_path / "sink.log", {"flush_samples": 7, "flush_seconds": 0.05, "instance_id": "one"})
    count = KILLS * ROUNDS_A_LIFE
    try:
        for number in range(count):
            if number % ROUNDS_A_LIFE == 0:
                sink.start()
            send(place, *(transition(server, f"a-{server}", number) for server in SERVERS))
            send(place, *(state(server, "critical" if number % 2 else "ok", number) for server in SERVERS))
            place.send(batch(server, number) for server in SERVERS)
            if number % ROUNDS_A_LIFE == ROUNDS_A_LIFE - 1:
                time.sleep(chance.uniform(0.4, 1.6))  # dies at any moment of its work, not when it is done
                sink.signal(signal.SIGKILL)
        with running_sink(place, instance_id="one"):
            place.wait_for("alerts", len(SERVERS) * count, timeout_seconds=60)
            place.wait_for("batches", len(SERVERS) * count, timeout_seconds=60)
            newest = [(server, count - 1) for server in SERVERS]
            wait_until(lambda: states(place) == newest, 30, "the newest state of each server")
    finally:
        sink.stop()
    assert place.rows("SELECT count() FROM {}.alerts") == [(len(SERVERS) * count,)], "the tokens alone let no copy in"
    check_blocks(place)


def states(place: Place) -> list[tuple[object, ...]]:
    return place.rows("SELECT server_id, offset FROM {}.server_state FINAL ORDER BY server_id")


def check_blocks(place: Place) -> None:
    """In each partition of each topic the blocks follow one another, and none was cut twice."""
    rows = place.rows(
        "SELECT topic, partition, groupArray((first_offset, last_offset)) FROM "
        "(SELECT * FROM {}.sink_ledger ORDER BY first_offset) GROUP BY topic, partition"
    )
    assert {topic for topic, *_ in rows} == {place.topic(name) for name in ("metrics", "alerts", "server-state")}
    for _, _, blocks in rows:
        assert all(following[0] == one[1] + 1 for one, following in pairwise(blocks))
