"""Gateways that are killed under load: what was answered with 202 is in the log, and nothing counts twice."""

import http.client
import threading
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
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


def wait_for_load(senders: Sequence[Sender]) -> None:
    """Until each has had so many answers more."""
    goals = [one.taken + ANSWERS for one in senders]
    wait_until(lambda: all(one.taken >= goal for one, goal in zip(senders, goals, strict=True)), 20.0, "answers")


@contextmanager
def two_gateways(kafka: Broker, folder: Path) -> Iterator[list[GatewayProcess]]:
    """Both ready; killed at the end."""
    gateways = [GatewayProcess(kafka, folder, port) for port in free_ports(2)]
    try:
        for one in gateways:
            one.start()
        for one in gateways:
            one.wait_ready()
        yield gateways
    finally:
        for one in gateways:
            one.kill()


@contextmanager
def loading(issue: Gateway, ports: list[int]) -> Iterator[list[Sender]]:
    """Senders that send to these gateways inside the block, each as a server of its own."""
    stop = threading.Event()
    ids = [f"load-{uuid.uuid4().hex[:8]}" for _ in range(SENDERS)]
    senders = [Sender(ports, issue.new_key(one).text, one, stop) for one in ids]
    threads = [threading.Thread(target=one.run) for one in senders]
    for thread in threads:
        thread.start()
    try:
        yield senders
    finally:
        stop.set()
        for thread in threads:
            thread.join(20)


@contextmanager
def collecting(issue: Gateway, server_id: str, folder: Path) -> Iterator[AgentProcess]:
    """An agent that sends to the first gateway alone."""
    environment = {
        "PULSEMON_AGENT_SERVER_ID": server_id,
        "PULSEMON_AGENT_INTERVAL_SECONDS": "1",
        "PULSEMON_AGENT_STATE_DIR": str(folder / "state"),
        "PULSEMON_AGENT_TRANSPORT": "http",
        "PULSEMON_AGENT_URL": issue.url,
        "PULSEMON_AGENT_KEY": issue.new_key(server_id).text,
    }
    agent = AgentProcess(folder, environment, SAMPLES)
    agent.start()
    try:
        yield agent
    finally:
        agent.close()


def kill_each(gateways: Sequence[GatewayProcess], senders: Sequence[Sender]) -> None:
    """One after the other, each under load and back before the next; the load goes on after the last."""
    for victim in gateways:
        wait_for_load(senders)
        victim.kill()
        victim.start()
        victim.wait_ready()
    wait_for_load(senders)


def end(agent: AgentProcess, server_id: str, kafka: Broker) -> None:
    """Once what the agent has collected is in the log."""
    last = agent.ledger[-1]
    wait_until(
        lambda: last in {one.recorded_at_ms for one in batches_of(kafka, server_id)},
        30.0,
        "what the agent has collected",
    )
    assert agent.stop() == 0


def check_sender(sender: Sender, kafka: Broker) -> None:
    """What was answered with 202 is what counts."""
    counted = [one.sequence for one in as_the_engine_sees(batches_of(kafka, sender.server_id))]
    assert counted[: sender.taken] == list(range(sender.taken)), "each 202, in its order, once"
    assert counted[sender.taken :] in ([], [sender.taken]), "the last one may have been on its way"
    assert sender.strange == []


def test_every_202_survives_kills_of_two_gateways_and_no_batch_counts_twice(kafka: Broker, tmp_path: Path) -> None:
    ensure_topics(kafka.settings, PARTITIONS)
    agent_id = f"agent-{uuid.uuid4().hex[:8]}"
    with two_gateways(kafka, tmp_path) as gateways:
        issue = Gateway(gateways[0].port, kafka)
        with collecting(issue, agent_id, tmp_path) as agent:
            with loading(issue, [one.port for one in gateways]) as senders:
                kill_each(gateways, senders)
            end(agent, agent_id, kafka)
        assert [one.stop() for one in gateways] == [0, 0]

    for sender in senders:
        check_sender(sender, kafka)
    assert sum(one.tries - one.taken for one in senders) > 0, "the kills were felt"
    audited = audit_agent(agent.ledger, [], SAMPLES, batches_of(kafka, agent_id))
    assert (audited.missing, audited.dropped) == (0, {})
    assert audited.samples == audited.moments * SAMPLES
