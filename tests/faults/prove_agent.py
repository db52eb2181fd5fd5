"""An agent of 1,000 samples a second, killed twice, whose broker is away for ten minutes; and one whose spool is full.

What the agent collected stands in a ledger. It is compared with the topic, by identity and by the engine's rule about
duplicates, and with the store, by FINAL. ``make prove-agent`` prints what was compared; PULSEMON_PROOF_SECONDS makes
the outage shorter.
"""

import json
import os
import random
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import psutil
import pytest
from pulsemon_producers.spool.state import SpoolStateFile
from support.agent_audit import AgentAudit, audit_agent, read_topic
from support.agent_process import METRIC, AgentProcess
from support.clickhouse import Engine
from support.kafka import kafka_environment, running_broker
from support.sinks import Place, running_sink
from support.waiting import wait_until

pytestmark = [pytest.mark.kafka, pytest.mark.clickhouse, pytest.mark.slow]

SERVER_ID = "web-1"
SAMPLES = 1000
# Read when this is imported: a fixture clears the environment of each test.
OUTAGE_SECONDS = float(os.environ.get("PULSEMON_PROOF_SECONDS", "600"))
FULL_SAMPLES = 4000
FULL_TICKS = 90
CAUGHT_UP_SECONDS = 120.0


@pytest.fixture
def place(clickhouse: Engine, tmp_path: Path) -> Iterator[Place]:
    """A broker that may be killed, and a database."""
    with running_broker(tmp_path / "broker") as broker:
        topics = broker.create_topics("agent", partition_count=2)
        place = Place(broker, clickhouse.fresh_database(), topics, partition_count=2)
        yield place
        place.store.close()


def agent_of(place: Place, folder: Path, samples: int, **settings: str) -> AgentProcess:
    environment = {
        "PULSEMON_AGENT_SERVER_ID": SERVER_ID,
        "PULSEMON_AGENT_INTERVAL_SECONDS": "1",
        "PULSEMON_AGENT_STATE_DIR": str(folder / "state"),
        **settings,
        **kafka_environment(place.broker.settings_for("agent")),
    }
    return AgentProcess(folder, environment, samples, place.topic("metrics"))


def wait_delivered(place: Place, agent: AgentProcess) -> None:
    """Until the newest tick of now is in the topic: everything older is there by then."""
    last = agent.ledger[-1]
    topic, settings = place.topic("metrics"), place.broker.settings
    wait_until(
        lambda: last in {one.recorded_at_ms for one in read_topic(settings, topic, SERVER_ID)},
        CAUGHT_UP_SECONDS,
        "all that waited",
    )


def wait_seconds(until: float) -> None:
    """Until that moment of the monotonic clock."""
    wait_until(lambda: time.monotonic() > until, OUTAGE_SECONDS + 5, "the time to pass")


def check_store(place: Place, found: AgentAudit) -> None:
    """Every sample once in the store, and each moment whole."""
    sql = (
        "SELECT count(), uniqExact(recorded_at), min(rows), max(rows) FROM (SELECT recorded_at, count() AS rows "
        f"FROM {{}}.samples FINAL WHERE name = '{METRIC}' GROUP BY recorded_at) AS moments"
    )
    total = f"SELECT count() FROM {{}}.samples FINAL WHERE name = '{METRIC}'"
    wait_until(lambda: place.rows(total)[0][0] >= found.samples, CAUGHT_UP_SECONDS, "the store to have all")
    assert place.rows(total)[0][0] == found.samples
    moments, distinct, least, most = place.rows(sql)[0]
    assert moments == distinct
    assert least == most


def test_ten_minutes_without_a_broker_and_two_kills_lose_nothing_and_double_nothing(
    place: Place, tmp_path: Path
) -> None:
    chance = random.Random(7)
    agent = agent_of(place, tmp_path, SAMPLES)
    busy_seconds: list[float] = []
    with running_sink(place):
        try:
            agent.start()
            wait_until(lambda: "ready after" in agent.log, 30.0, "the first batch")
            place.broker.kill()
            away_at = time.monotonic()
            kills = sorted(chance.uniform(0.1, 0.9) * OUTAGE_SECONDS for _ in range(2))
            for at in kills:
                wait_seconds(away_at + at)
                agent.wait_written()
                busy_seconds.append(_cpu_seconds(agent))
                agent.kill()
                agent.start()
            wait_seconds(away_at + OUTAGE_SECONDS)
            spooled_bytes = sum(path.stat().st_size for path in (tmp_path / "state" / "spool").iterdir())
            busy_seconds.append(_cpu_seconds(agent))
            place.broker.start()
            back_at = time.monotonic()
            wait_delivered(place, agent)
            caught_up_seconds = time.monotonic() - back_at
            assert agent.stop() == 0
        finally:
            agent.close()
        log = read_topic(place.broker.settings, place.topic("metrics"), SERVER_ID)
        found = audit_agent(agent.ledger, agent.kills, SAMPLES, log)
        check_store(place, found)
    print(
        json.dumps(
            asdict(found)
            | {
                "outage_seconds": OUTAGE_SECONDS,
                "kills": len(agent.kills),
                "spooled_bytes": spooled_bytes,
                "caught_up_seconds": round(caught_up_seconds, 1),
                "agent_cpu_seconds": round(sum(busy_seconds), 2),
            }
        )
    )
    assert (found.missing, found.unwritten, found.dropped) == (0, 0, {})
    assert found.samples == found.moments * SAMPLES
    # the second life's batches had no number yet when it was killed: the third gave them its own
    assert found.producers in {2, 3}


def test_a_full_spool_counts_what_it_drops_to_the_sample(place: Place, tmp_path: Path) -> None:
    agent = agent_of(place, tmp_path, FULL_SAMPLES, PULSEMON_AGENT_SPOOL_BYTES=str(1 << 20))
    try:
        agent.start()
        wait_until(lambda: "ready after" in agent.log, 30.0, "the first batch")
        agent.wait_ticks(2)
        place.broker.kill()
        agent.wait_ticks(FULL_TICKS, FULL_TICKS * 3.0)
        assert "The spool is full" in agent.log
        place.broker.start()
        agent.wait_ticks(2)
        wait_delivered(place, agent)
        assert agent.stop() == 0
    finally:
        agent.close()
    log = read_topic(place.broker.settings, place.topic("metrics"), SERVER_ID)
    found = audit_agent(agent.ledger, agent.kills, FULL_SAMPLES, log)
    delivered = sum(len(batch.values) for batch in log)
    state = SpoolStateFile(tmp_path / "state" / "spool").load()
    assert state is not None
    own = {len(batch.values) - FULL_SAMPLES for batch in log[1:]}
    print(
        json.dumps(
            {
                "produced_samples": state.put.samples,
                "delivered_samples": delivered,
                "dropped": found.dropped,
                "moments": found.moments,
                "missing_moments": found.missing,
                "own_samples_a_batch": sorted(own),
            }
        )
    )
    assert found.missing > 0
    assert found.repeats == 0
    assert set(found.dropped) == {"spool_full"}
    assert state.put.samples == delivered + found.dropped["spool_full"]
    (own_samples,) = own
    assert found.dropped["spool_full"] == found.missing * (FULL_SAMPLES + own_samples), (
        "by the ledger, not by the spool"
    )


def _cpu_seconds(agent: AgentProcess) -> float:
    assert agent.process is not None
    times = psutil.Process(agent.process.pid).cpu_times()
    return times.user + times.system
