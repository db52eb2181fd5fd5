"""What the doctor counts in Kafka: the sink's lag, and refused records."""

import os
import uuid
from pathlib import Path

import pytest
from pulsemon_deploy.doctor import Finding, Verdict, broker
from pulsemon_deploy.installation import installation
from pulsemon_deploy.refused_records import Refused, refused
from pulsemon_deploy.topic_offsets import lag_records, partition_ranges, records_ahead
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


def test_the_doctor_looks_at_the_group_and_topics_of_the_sinks_settings(
    kafka: Broker, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    names = kafka.create_topics("doctor")
    producer = kafka.producer()
    for name in ("metrics", "deadletter"):
        producer.produce(names[f"pulsemon.{name}"], b"x", b"web-1")
    producer.flush(5)
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
    }.items():
        monkeypatch.setenv(f"PULSEMON_{name}", value)
    own = installation(os.environ)
    assert broker.sink_lag(own) == Finding(Verdict.OK, "1 batches behind")
    assert broker.dead_letters(own).verdict is Verdict.PROBLEM
    assert not own.home.root.exists(), "a look makes nothing"
