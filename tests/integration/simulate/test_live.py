"""The live part through a real broker: what readers find in the topics."""

import threading
import time
from collections import defaultdict

import numpy as np
import pytest
from confluent_kafka import Consumer, KafkaException, TopicPartition
from pulsemon_deploy.kafka import ensure_topics
from pulsemon_deploy.simulate import live
from pulsemon_deploy.simulate.demo_rule import RULE_ID
from pulsemon_deploy.simulate.fleet import fleet
from pulsemon_deploy.simulate.register import register
from pulsemon_deploy.simulate.settings import SimulatorSettings
from pulsemon_deploy.simulate.signals import Signals
from pulsemon_schemas.catalogue import METRICS as CATALOGUE
from pulsemon_schemas.codec import decode
from pulsemon_schemas.records import ControlRecord, LogRecord, MetricBatch
from pulsemon_schemas.runtime.kafka import consumer_config
from pulsemon_schemas.topics import CONTROL, METRICS
from pulsemon_schemas.validity import check
from support.kafka import Broker
from support.waiting import wait_until

pytestmark = pytest.mark.kafka

PARTITIONS = 4
SEED = 20_261
SETTINGS = SimulatorSettings(servers=3, seed=SEED, interval_seconds=1, duration_seconds=3.0)
IDS = {server.server_id for server in fleet(SETTINGS.servers, SEED)}


@pytest.fixture
def broker(kafka: Broker) -> Broker:
    ensure_topics(kafka.settings, PARTITIONS)
    return kafka


def records_of(broker: Broker, topic: str, partitions: int, ids: set[str], since_ms: int = 0) -> list[LogRecord]:
    """All records of these servers in a topic since a time, up to its end as it is now."""
    consumer = Consumer(consumer_config(broker.settings, "pulsemon-test-simulate", "test"))
    found: list[LogRecord] = []
    try:
        for partition in range(partitions):
            first, end = consumer.get_watermark_offsets(TopicPartition(topic, partition), 10)
            consumer.assign([TopicPartition(topic, partition, first)])
            while first < end:
                for message in consumer.consume(500, 0.1):
                    if (error := message.error()) is not None:
                        raise KafkaException(error)
                    offset, key = message.offset() or 0, message.key() or b""
                    first = offset + 1
                    found.append(
                        LogRecord(topic, partition, offset, message.timestamp()[1], key, message.value() or b"")
                    )
    finally:
        consumer.close()
    return [one for one in found if one.key.decode() in ids and one.append_time_ms >= since_ms]


def test_batches_are_valid_whole_and_what_the_history_says(broker: Broker) -> None:
    since_ms = round(time.time() * 1000)
    is_ready = threading.Event()
    host = f"host-of-{since_ms}"
    sent = live.run(SETTINGS, broker.settings_for("simulator"), threading.Event(), is_ready.set, live.Own(host, 1.0))
    _assert_it_told_of_itself(records_of(broker, METRICS.name, PARTITIONS, {host}), sent)
    records = records_of(broker, METRICS.name, PARTITIONS, IDS, since_ms)
    assert is_ready.is_set()
    assert len(records) == sent.batches == sent.acknowledged >= 6

    sequences = defaultdict(list)
    for record in records:
        check(record, PARTITIONS)
        batch = decode(record.value)
        assert isinstance(batch, MetricBatch)
        assert batch.source == "simulator"
        assert 0 <= batch.sent_at_ms - batch.recorded_at_ms < 1500
        sequences[batch.server_id, batch.producer_id].append(batch.sequence)
        _assert_is_the_model(batch)
    assert {server_id for server_id, _ in sequences} == IDS
    for found in sequences.values():
        assert found == list(range(len(found)))


def _assert_it_told_of_itself(records: list[LogRecord], sent: live.Sent) -> None:
    batches = [decode(record.value) for record in records]
    assert batches
    newest = batches[-1]
    assert isinstance(newest, MetricBatch)
    assert newest.source == "service"
    assert set(newest.names) == {one.name for one in CATALOGUE if one.name.startswith("pulsemon.simulator.")}
    told = dict(zip(newest.names, newest.values, strict=True))
    assert told["pulsemon.simulator.servers"] == SETTINGS.servers
    assert 0 < told["pulsemon.simulator.acknowledged"] <= told["pulsemon.simulator.batches"] <= sent.batches
    assert 0.0 <= told["pulsemon.simulator.lateness"] < 1.5


def _assert_is_the_model(batch: MetricBatch) -> None:
    server = next(one for one in fleet(SETTINGS.servers, SEED) if one.server_id == batch.server_id)
    at = batch.recorded_at_ms // 1000
    table = Signals(SEED, server, at, at).table(np.array([at]))
    expected = dict(zip(zip(table.names, table.labels, strict=True), table.values[:, 0].tolist(), strict=True))
    for name, labels, value in zip(batch.names, batch.labels, batch.values, strict=True):
        assert expected[name, labels] == value


def test_the_servers_are_registered_once(broker: Broker) -> None:
    kafka = broker.settings_for("simulator")
    servers = fleet(60, SEED + 1)
    ids = {server.server_id for server in servers}
    # fleets of other seeds have some of the same names
    assert set(register(kafka, servers, threading.Event())) <= ids
    assert register(kafka, servers, threading.Event()) == ()

    records = [decode(record.value) for record in records_of(broker, CONTROL.name, 1, ids)]
    assert len(records) == len(ids)
    for record in records:
        assert isinstance(record, ControlRecord)
        assert (record.entity_type, record.operation, record.expected_version) == ("server", "put", -1)
    assert len(records_of(broker, CONTROL.name, 1, {RULE_ID})) == 1


def test_the_stop_ends_it_at_once_with_all_acknowledged(broker: Broker) -> None:
    stop = threading.Event()
    is_ready = threading.Event()
    results: list[live.Sent] = []
    settings = SimulatorSettings(servers=2, seed=SEED + 2, interval_seconds=1)

    def run() -> None:
        results.append(live.run(settings, broker.settings_for("simulator"), stop, is_ready.set))

    thread = threading.Thread(target=run)
    thread.start()
    wait_until(is_ready.is_set, 30, "the simulator is ready")
    stop.set()
    thread.join(10)
    assert results
    assert results[0].acknowledged == results[0].batches > 0
