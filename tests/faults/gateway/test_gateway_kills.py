"""Gateways that are killed under load: what was answered with 202 is in the log, and nothing counts twice."""

import http.client
import threading
import uuid
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from pulsemon_deploy.kafka import ensure_topics
from pulsemon_deploy.kafka.ports import free_ports
from support.agent_audit import as_the_engine_sees, audit_agent
from support.agent_process import AgentProcess
from support.gateways import AVRO, PARTITIONS, Gateway, GatewayProcess, batch, batches_of, framed
from support.kafka import Broker
from support.waiting import wait_until

pytestmark = pytest.mark.kafka
SENDERS = 4
SAMPLES = 50
ANSWERS = 30


@dataclass
class Sender:
    """Sends batch after batch; each one again and again, to another gateway each time, until the answer is 202."""

    ports: list[int]
    key: str
    server_id: str
    stop: threading.Event
    taken: int = 0
    tries: int = 0
    strange: list[int] = field(default_factory=list)

    def run(self) -> None:
        connection: http.client.HTTPConnection | None = None
        while not self.stop.is_set():
            if connection is None:
                connection = http.client.HTTPConnection(
                    "127.0.0.1", self.ports[self.tries % len(self.ports)], timeout=10
                )
            self.tries += 1
            try:
                if self._post(connection) == 202:
                    self.taken += 1
                    continue
            except (OSError, http.client.HTTPException):
                pass
            connection.close()
            connection = None
            self.stop.wait(0.01)
        if connection is not None:
            connection.close()

    def _post(self, connection: http.client.HTTPConnection) -> int:
        body = framed(batch(self.server_id, self.taken, previous_producer_id="", previous_sequence=-1))
        headers = {"Content-Type": AVRO, "Authorization": f"Bearer {self.key}"}
        connection.request("POST", "/api/v1/metrics", body, headers)
        answer = connection.getresponse()
        answer.read()
        if answer.status not in (202, 503):
            self.strange.append(answer.status)
        return answer.status


def wait_for_load(senders: list[Sender]) -> None:
    """Until each has had so many answers more."""
    goals = [one.taken + ANSWERS for one in senders]
    wait_until(lambda: all(one.taken >= goal for one, goal in zip(senders, goals, strict=True)), 20.0, "answers")


def test_every_202_survives_kills_of_two_gateways_and_no_batch_counts_twice(kafka: Broker, tmp_path: Path) -> None:
    ensure_topics(kafka.settings, PARTITIONS)
    gateways = [GatewayProcess(kafka, tmp_path, port) for port in free_ports(2)]
    stop = threading.Event()
    agent_id, agent = f"agent-{uuid.uuid4().hex[:8]}", None
    try:
        for one in gateways:
            one.start()
        for one in gateways:
            one.wait_ready()
        issue = Gateway(gateways[0].port, kafka)
        ports = [one.port for one in gateways]
        ids = [f"load-{uuid.uuid4().hex[:8]}" for _ in range(SENDERS)]
        senders = [Sender(ports, issue.new_key(one).text, one, stop) for one in ids]
        environment = {
            "PULSEMON_AGENT_SERVER_ID": agent_id,
            "PULSEMON_AGENT_INTERVAL_SECONDS": "1",
            "PULSEMON_AGENT_STATE_DIR": str(tmp_path / "state"),
            "PULSEMON_AGENT_TRANSPORT": "http",
            "PULSEMON_AGENT_URL": issue.url,
            "PULSEMON_AGENT_KEY": issue.new_key(agent_id).text,
        }
        agent = AgentProcess(tmp_path, environment, SAMPLES)
        agent.start()
        threads = [threading.Thread(target=one.run) for one in senders]
        for thread in threads:
            thread.start()
        for victim in gateways:
            wait_for_load(senders)
            victim.kill()
            victim.start()
            victim.wait_ready()
        wait_for_load(senders)
        stop.set()
        for thread in threads:
            thread.join(20)
        last = agent.ledger[-1]
        wait_until(
            lambda: last in {one.recorded_at_ms for one in batches_of(kafka, agent_id)},
            30.0,
            "what the agent has collected",
        )
        assert agent.stop() == 0
        assert [one.stop() for one in gateways] == [0, 0]
    finally:
        stop.set()
        if agent is not None:
            agent.close()
        for one in gateways:
            one.kill()

    for sender in senders:
        found = batches_of(kafka, sender.server_id)
        counted = [one.sequence for one in as_the_engine_sees(found)]
        assert counted[: sender.taken] == list(range(sender.taken)), "each 202, in its order, once"
        assert counted[sender.taken :] in ([], [sender.taken]), "the last one may have been on its way"
        assert sender.strange == []
    assert sum(one.tries - one.taken for one in senders) > 0, "the kills were felt"
    audited = audit_agent(agent.ledger, [], SAMPLES, batches_of(kafka, agent_id))
    assert (audited.missing, audited.dropped) == (0, {})
    assert audited.samples == audited.moments * SAMPLES
