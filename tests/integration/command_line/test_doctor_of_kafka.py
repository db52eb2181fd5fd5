"""What the doctor counts in Kafka: how far groups are behind, and refused records."""

import os
import re
import uuid
from pathlib import Path

import pytest
from confluent_kafka import Consumer, TopicPartition
from pulsemon_deploy.doctor import Verdict, broker, readers
from pulsemon_deploy.group_lag import group_lag, groups_by_topic
from pulsemon_deploy.installation import installation
from pulsemon_deploy.refused_records import Refused, refused
from pulsemon_deploy.topic_offsets import lag_records, partition_ranges, records_ahead
from pulsemon_schemas.runtime.kafka import consumer_config
from pulsemon_schemas.topics import METRICS
from support.kafka import Broker

pytestmark = pytest.mark.kafka


def test_what_a_group_has_read_beyond_the_log_makes_up_for_no_lag(kafka: Broker) -> None:
    topic = kafka.create_topics("ahead")[METRICS.name]
    producer = kafka.producer()
    for _ in range(3):
        producer.produce(topic, b"x", partition=1)
    producer.flush(5)
    ranges = partition_ranges(kafka.settings, topic)
    assert (lag_records(ranges, {0: 5, 1: 2}), records_ahead(ranges, {0: 5, 1: 2})) == (1, 5)


def test_a_record_that_was_refused_twice_counts_once_and_by_its_newest_letter(kafka: Broker) -> None:
    topic = kafka.create_topics("letters")[METRICS.name]
    producer = kafka.producer()
    for offset in ("3", "3", "4", None):
        place = [("topic_id", b"a"), ("partition", b"0"), ("offset", offset.encode())] if offset else []
        producer.produce(topic, b"bad", b"web-1", headers=[*place])
    producer.flush(5)
    assert refused(kafka.settings, topic, recent_seconds=600) == Refused(recent=3, older=0, is_all=True)
    assert refused(kafka.settings, topic, recent_seconds=-600) == Refused(recent=0, older=3, is_all=True)
    assert refused(kafka.settings, "pulsemon.nothing", 600) == Refused(0, 0, is_all=True)


def commit_nothing_but_a_mark(kafka: Broker, topic: str) -> None:
    """A transaction that was given up: its record is nobody's, and its mark has an offset."""
    producer = kafka.producer(options={"transactional.id": f"pulsemon-processor-{uuid.uuid4().hex[:8]}"})
    producer.init_transactions(10)
    producer.begin_transaction()
    producer.produce(topic, b"x", b"web-1")
    producer.flush(5)
    producer.abort_transaction(10)


def test_a_group_is_as_late_as_its_oldest_unread_record(kafka: Broker) -> None:
    topic = kafka.create_topics("lag")[METRICS.name]
    group_id = f"pulsemon-sink-{uuid.uuid4().hex[:8]}"
    producer = kafka.producer()
    for partition in (0, 0, 1):
        producer.produce(topic, b"x", partition=partition)
    producer.flush(5)
    consumer = Consumer(consumer_config(kafka.settings, group_id, group_id))
    consumer.commit(offsets=[TopicPartition(topic, 0, 1), TopicPartition(topic, 1, 1)], asynchronous=False)
    consumer.close()
    lag = group_lag(kafka.settings, group_id, topic)
    assert (lag.records, lag.ahead) == (1, 0)
    assert lag.seconds is not None
    assert 0.0 <= lag.seconds < 60.0
    assert groups_by_topic(kafka.settings)[topic] == [group_id]


def test_the_doctor_looks_at_the_group_and_topics_of_the_sinks_settings(
    kafka: Broker, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    names = kafka.create_topics("doctor")
    producer = kafka.producer()
    for name in ("metrics", "deadletter"):
        producer.produce(names[f"pulsemon.{name}"], b"x", b"web-1")
    producer.flush(5)
    commit_nothing_but_a_mark(kafka, names["pulsemon.server-state"])
    login = kafka.settings
    for name, value in {
        "LOCAL_HOME": str(tmp_path / "home"),
        "KAFKA_BOOTSTRAP": login.bootstrap,
        "KAFKA_SECURITY_PROTOCOL": login.security_protocol,
        "KAFKA_USERNAME": login.username,
        "KAFKA_PASSWORD": login.password.reveal(),
        "SINK_GROUP_ID": f"pulsemon-sink-{uuid.uuid4().hex[:8]}",
        "SINK_METRICS_TOPIC": names[METRICS.name],
        "SINK_DEADLETTER_TOPIC": names["pulsemon.deadletter"],
        "SINK_SERVER_STATE_TOPIC": names["pulsemon.server-state"],
    }.items():
        monkeypatch.setenv(f"PULSEMON_{name}", value)
    own = installation(os.environ)
    finding = readers.sink(own)
    assert finding.verdict is Verdict.OK
    assert re.match(f"{re.escape(names[METRICS.name])} 1 records, [0-9]+ s behind; ", finding.found)
    assert f"{names['pulsemon.server-state']} read to its end" in finding.found
    assert broker.dead_letters(own).verdict is Verdict.PROBLEM
    assert not own.home.root.exists(), "a look makes nothing"
