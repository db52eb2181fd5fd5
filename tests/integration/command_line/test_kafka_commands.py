"""Commands that need a broker, against a real one that somebody else runs."""

import json
import threading
import time
import uuid

import pytest
from click.testing import CliRunner, Result
from pulsemon_deploy.cli.root import root
from pulsemon_deploy.invocation import as_invoked
from pulsemon_deploy.kafka import ensure_topics
from pulsemon_deploy.registration import known_servers, register
from pulsemon_deploy.tail import tail
from pulsemon_deploy.topic_offsets import group_offsets, lag_records, partition_ranges
from pulsemon_schemas.codec import encode
from pulsemon_schemas.records import MetricBatch
from pulsemon_schemas.topics import CONTROL, METRICS, TOPICS
from support.kafka import Broker

pytestmark = pytest.mark.kafka
GROUP = "pulsemon-operator-test"


@pytest.fixture
def environ(kafka: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = kafka.settings
    for name, value in {
        "BOOTSTRAP": settings.bootstrap,
        "SECURITY_PROTOCOL": settings.security_protocol,
        "USERNAME": settings.username,
        "PASSWORD": settings.password.reveal(),
    }.items():
        monkeypatch.setenv(f"PULSEMON_KAFKA_{name}", value)
    ensure_topics(settings, 4)


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(root, arguments)


def batch(server_id: str, sequence: int = 0) -> MetricBatch:
    now_ms = int(time.time() * 1000)
    return MetricBatch(
        server_id, "simulator", "p1", sequence, "", -1, now_ms, now_ms,
        ("system.cpu.utilization", "system.memory.usage"), ("", "state=used"), (0.25, 1e9),
    )  # fmt: skip


@pytest.mark.usefixtures("environ")
def test_ensure_is_safe_to_repeat_and_registers_this_host_once(kafka: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    server_id = f"host-{uuid.uuid4().hex[:8]}"
    monkeypatch.setenv("PULSEMON_AGENT_SERVER_ID", server_id)
    first, second = (invoke("topic", "ensure", "--register-host") for _ in range(2))
    assert (first.exit_code, second.exit_code) == (0, 0), first.output + first.stderr
    assert f"registered this host as {server_id}" in first.output
    assert second.output == "topics: 0 created, 0 set right\n"
    assert known_servers(kafka.settings, GROUP, frozenset({server_id, "nobody"})) == {server_id}


@pytest.mark.usefixtures("environ")
def test_show_has_the_partitions_of_the_broker() -> None:
    shown = json.loads(invoke("topic", "show", "metrics", "--json").output)
    assert shown["name"] == METRICS.name
    assert [row["partition"] for row in shown["offsets"]] == [0, 1, 2, 3]


@pytest.mark.usefixtures("environ")
def test_the_client_config_is_what_other_clients_need(kafka: Broker) -> None:
    lines = dict(line.split("=", 1) for line in invoke("topic", "client-config").output.splitlines())
    assert lines["bootstrap.servers"] == kafka.settings.bootstrap
    assert lines["sasl.password"] == kafka.settings.password.reveal()


@pytest.mark.usefixtures("environ")
def test_metric_tail_prints_what_flows_decoded(kafka: Broker) -> None:
    wanted = f"tail-{uuid.uuid4().hex[:8]}"
    stop = threading.Event()
    sender = threading.Thread(target=_send_until, args=(kafka, wanted, stop))
    sender.start()
    try:
        result = invoke("metric", "tail", "--server", wanted, "--name", "system.memory", "--count", "2", "--json")
    finally:
        stop.set()
        sender.join()
    assert result.exit_code == 0, result.stderr
    samples = [json.loads(line) for line in result.output.splitlines()]
    assert len(samples) == 2
    assert {(one["server_id"], one["name"], one["labels"], one["value"]) for one in samples} == {
        (wanted, "system.memory.usage", "state=used", 1e9)
    }


def _send_until(kafka: Broker, wanted: str, stop: threading.Event) -> None:
    """Others' batches and bytes that are no batch flow too."""
    producer = kafka.producer()
    sequence = 0
    while not stop.wait(0.05):
        for value in (encode(batch(wanted, sequence)), encode(batch("another", sequence)), b"garbage"):
            producer.produce(METRICS.name, value, wanted.encode())
        producer.flush(5)
        sequence += 1


@pytest.mark.usefixtures("environ")
def test_tail_begins_with_what_is_new(kafka: Broker) -> None:
    producer = kafka.producer()
    producer.produce(METRICS.name, encode(batch("old")), b"old")
    producer.flush(5)
    stop = threading.Event()
    sender = threading.Thread(target=_send_until, args=(kafka, "new", stop))
    sender.start()
    try:
        assert next(tail(kafka.settings)).server_id != "old"
    finally:
        stop.set()
        sender.join()


@pytest.mark.usefixtures("environ")
def test_a_known_server_is_never_written_again(kafka: Broker) -> None:
    prefix = uuid.uuid4().hex[:8]
    two = {f"{prefix}-{number}": {"name": str(number)} for number in range(2)}
    assert register(kafka.settings, GROUP, two, "test") == tuple(two)
    (before,) = partition_ranges(kafka.settings, CONTROL.name)
    assert register(kafka.settings, GROUP, {**two, f"{prefix}-2": {}}, "test") == (f"{prefix}-2",)
    (after,) = partition_ranges(kafka.settings, CONTROL.name)
    assert after.end_offset - before.end_offset == 1


@pytest.mark.usefixtures("environ")
def test_lag_counts_what_a_group_has_not_read(kafka: Broker) -> None:
    names = kafka.create_topics("lag")
    topic = names[METRICS.name]
    producer = kafka.producer()
    for _ in range(3):
        producer.produce(topic, b"x", partition=1)
    producer.flush(5)
    ranges = partition_ranges(kafka.settings, topic)
    assert [one.end_offset for one in ranges] == [0, 3, 0, 0]
    assert group_offsets(kafka.settings, GROUP, topic) == {}
    assert lag_records(ranges, {}) == 3
    assert lag_records(ranges, {1: 2}) == 1
    assert partition_ranges(kafka.settings, "pulsemon.nothing") == ()
    assert len(TOPICS) == len(names)


def test_a_broker_that_is_away_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pulsemon_deploy.tail.ANSWER_SECONDS", 0.3)
    monkeypatch.setenv("PULSEMON_KAFKA_BOOTSTRAP", "127.0.0.1:9")
    result = invoke("metric", "tail")
    assert result.exit_code == 1
    assert "Kafka at 127.0.0.1:9 does not answer" in result.stderr
    assert as_invoked("Is `pulsemon up` running?") in result.stderr
