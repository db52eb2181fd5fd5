"""An agent that is killed while nobody takes its batches: nothing is lost, nothing is there twice."""

import random
from pathlib import Path

import pytest
from support.agent_audit import audit_agent, read_topic
from support.agent_process import AgentProcess
from support.gateway import key_file, standing_in
from support.kafka import kafka_environment, running_broker
from support.waiting import wait_until

SAMPLES = 200
SERVER = {"PULSEMON_AGENT_SERVER_ID": "web-1", "PULSEMON_AGENT_INTERVAL_SECONDS": "1"}


@pytest.mark.kafka
def test_a_broker_that_is_away_and_two_kills_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    with running_broker(tmp_path / "broker") as broker:
        topic = broker.create_topics("agent", 2)["pulsemon.metrics"]
        environment = {**SERVER, **kafka_environment(broker.settings_for("agent"))}
        environment["PULSEMON_AGENT_STATE_DIR"] = str(tmp_path / "state")
        agent = AgentProcess(tmp_path, environment, SAMPLES, topic)
        try:
            agent.start()
            wait_until(lambda: "ready after" in agent.log, 20.0, "the first batch")
            broker.kill()
            for _ in range(2):
                agent.wait_ticks(1)
                agent.wait_written()
                agent.kill()
                agent.start()
            agent.wait_ticks(1)
            broker.start()
            last = agent.ledger[-1]
            wait_until(
                lambda: last in {one.recorded_at_ms for one in read_topic(broker.settings, topic, "web-1")},
                20.0,
                "all that waited",
            )
            assert agent.stop() == 0
        finally:
            agent.close()
        found = audit_agent(agent.ledger, agent.kills, SAMPLES, read_topic(broker.settings, topic, "web-1"))

    assert (found.missing, found.unwritten, found.dropped) == (0, 0, {})
    assert found.producers == 3
    assert found.samples == found.moments * SAMPLES


def test_a_gateway_that_is_killed_between_taking_and_answering_gets_nothing_twice(tmp_path: Path) -> None:
    chance = random.Random(5)
    log = []
    with standing_in() as gateway:
        port = gateway.port
        environment = {
            **SERVER,
            "PULSEMON_AGENT_STATE_DIR": str(tmp_path / "state"),
            "PULSEMON_AGENT_TRANSPORT": "http",
            "PULSEMON_AGENT_URL": gateway.url,
            "PULSEMON_AGENT_KEY_FILE": str(key_file(tmp_path)),
        }
        agent = AgentProcess(tmp_path, environment, SAMPLES)
        agent.start()
        wait_until(lambda: gateway.batches, 20.0, "the first batch")
        gateway.script.ends_before_answering = chance.randint(1, 3)
        agent.wait_ticks(1)
        agent.kill()
        log += gateway.batches
    try:
        agent.start()
        agent.wait_ticks(2)
        with standing_in(port) as gateway:
            last = agent.ledger[-1]
            wait_until(lambda: last in {one.recorded_at_ms for one in gateway.batches}, 20.0, "all that waited")
            assert agent.stop() == 0
            log += gateway.batches
    finally:
        agent.close()
    found = audit_agent(agent.ledger, agent.kills, SAMPLES, log)

    assert found.missing == 0
    assert found.producers == 2
