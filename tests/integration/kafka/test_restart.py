"""A broker that is killed, stopped or robbed of its data."""

import shutil
import time
from collections import Counter
from collections.abc import Callable

import pytest
from confluent_kafka import Consumer, KafkaError, Message, TopicPartition
from pulsemon_deploy.kafka import ensure_topics, topic_ids
from pulsemon_schemas.runtime.kafka import client_config
from pulsemon_schemas.topics import CONTROL, METRICS
from support.kafka import Broker
from support.kafka_probes import OK, read_each, write_each
from support.waiting import wait_until

pytestmark = pytest.mark.kafka

MESSAGES = 6000
BACK_SECONDS = 10.0


def read_all(broker: Broker, topic: str, partition_count: int) -> Counter[bytes]:
    consumer = Consumer({**client_config(broker.settings), "group.id": "audit", "enable.partition.eof": True})
    found: Counter[bytes] = Counter()
    open_partitions = partition_count
    try:
        consumer.assign([TopicPartition(topic, partition, 0) for partition in range(partition_count)])
        while open_partitions:
            for message in consumer.consume(5000, 0.1):
                if message.error() is None:
                    found[message.value() or b""] += 1
                else:
                    open_partitions -= 1
    finally:
        consumer.close()
    return found


def cluster_id(broker: Broker) -> str:
    return str(broker.admin().list_topics(timeout=10).cluster_id)


def test_after_kill_9_no_acknowledged_message_is_lost_and_none_is_twice(mortal: Broker) -> None:
    topic = mortal.create_topics("kill", partition_count=2)[METRICS.name]
    acknowledged: list[bytes] = []
    failed: list[str] = []

    def delivered(error: KafkaError | None, message: Message) -> None:
        if error is None:
            acknowledged.append(message.value() or b"")
        else:
            failed.append(error.name())

    producer = mortal.producer("agent", {"linger.ms": 2, "log_level": 0})

    def produce(numbers: range) -> None:
        for number in numbers:
            producer.produce(topic, key=str(number), value=str(number), on_delivery=delivered)
            producer.poll(0)

    produce(range(MESSAGES // 2))
    wait_until(lambda: producer.poll(0) and acknowledged, 10, "the first acknowledgement")
    produce(range(MESSAGES // 2, MESSAGES))
    mortal.kill()
    before_kill = len(acknowledged)
    started = time.monotonic()
    mortal.start()
    back_seconds = time.monotonic() - started

    assert producer.flush(30) == 0
    assert failed == []
    found = read_all(mortal, topic, 2)
    assert len(acknowledged) == MESSAGES
    assert set(found) == set(acknowledged)
    assert max(found.values()) == 1
    assert 0 < before_kill < MESSAGES, "the kill came before or after all of it"
    assert back_seconds < BACK_SECONDS


def test_stopped_or_killed_it_stays_the_same_cluster(mortal: Broker) -> None:
    ensure_topics(mortal.settings, partition_count=2)
    before = topic_ids(mortal.settings), cluster_id(mortal)

    mortal.stop()
    mortal.start()
    assert (topic_ids(mortal.settings), cluster_id(mortal)) == before

    mortal.kill()
    mortal.start()
    assert (topic_ids(mortal.settings), cluster_id(mortal)) == before


def wipe_data(broker: Broker) -> None:
    shutil.rmtree(broker.node.data_folder)


def wipe_all(broker: Broker) -> None:
    shutil.rmtree(broker.node.folder)


@pytest.mark.parametrize("wipe", [wipe_data, wipe_all])
def test_wiped_it_starts_as_a_new_cluster_that_works(mortal: Broker, wipe: Callable[[Broker], None]) -> None:
    ensure_topics(mortal.settings, partition_count=2)
    old_ids, old_cluster = topic_ids(mortal.settings), cluster_id(mortal)

    mortal.kill()
    wipe(mortal)
    mortal.start()

    assert not topic_ids(mortal.settings)
    assert cluster_id(mortal) != old_cluster
    ensure_topics(mortal.settings, partition_count=2)
    new_ids = topic_ids(mortal.settings)
    assert set(new_ids) == set(old_ids)
    assert not set(new_ids.values()) & set(old_ids.values())
    assert write_each(mortal.settings_for("agent"), [METRICS.name]) == {METRICS.name: OK}
    assert read_each(mortal.settings_for("sink"), [METRICS.name, CONTROL.name]) == {METRICS.name: OK, CONTROL.name: OK}


def test_what_a_killed_broker_unpacked_is_cleared_away(mortal: Broker) -> None:
    mortal.kill()
    leftover = mortal.node.folder / "tmp" / "libzstd-of-a-killed-one.so"
    leftover.touch()

    mortal.start()

    assert not leftover.exists()
