import uuid
from dataclasses import replace

import pytest
from confluent_kafka.admin._config import ConfigResource
from confluent_kafka.admin._resource import ResourceType
from pulsemon_deploy.kafka import ensure_topics, topic_ids
from pulsemon_schemas.errors import PermanentError
from pulsemon_schemas.topics import CONTROL, METRICS, TOPICS, Topic
from support.kafka import Broker

pytestmark = pytest.mark.kafka


def copy_of(topic: Topic) -> Topic:
    return replace(topic, name=f"{topic.name}.{uuid.uuid4().hex[:8]}")


def setting(broker: Broker, topic: str, name: str) -> str | None:
    admin = broker.admin()
    [future] = admin.describe_configs([ConfigResource(ResourceType.TOPIC, topic)]).values()
    value: str | None = future.result(10)[name].value
    return value


def partition_count(broker: Broker, topic: str) -> int:
    return len(broker.admin().list_topics(topic, timeout=10).topics[topic].partitions)


def test_topics_are_made_once_with_their_partitions_and_settings(broker: Broker) -> None:
    topics = [copy_of(METRICS), copy_of(CONTROL)]

    assert ensure_topics(broker.settings, 3, topics).created == (topics[0].name, topics[1].name)
    assert ensure_topics(broker.settings, 3, topics).created == ()
    assert partition_count(broker, topics[0].name) == 3
    assert partition_count(broker, topics[1].name) == 1
    assert {name: setting(broker, topics[0].name, name) for name in METRICS.config} == dict(METRICS.config)


def test_drifted_settings_are_set_right(broker: Broker) -> None:
    topic = copy_of(METRICS)
    ensure_topics(broker.settings, 1, [topic])
    changed = replace(topic, config={**topic.config, "retention.ms": "1000000"})

    assert ensure_topics(broker.settings, 1, [changed]).altered == (topic.name,)
    assert setting(broker, topic.name, "retention.ms") == "1000000"
    assert ensure_topics(broker.settings, 1, [changed]).altered == ()


def test_another_number_of_partitions_is_refused_and_nothing_changes(broker: Broker) -> None:
    topic, further = copy_of(METRICS), copy_of(CONTROL)
    ensure_topics(broker.settings, 2, [topic])

    with pytest.raises(PermanentError, match=f"{topic.name} has 2, wanted are 4.*Nothing was changed"):
        ensure_topics(broker.settings, 4, [topic, further])

    assert partition_count(broker, topic.name) == 2
    assert not topic_ids(broker.settings, [further.name])


def test_every_topic_of_the_data_is_there(broker: Broker) -> None:
    ids = topic_ids(broker.settings)

    assert set(ids) == {topic.name for topic in TOPICS}
    assert len({uuid.UUID(text) for text in ids.values()}) == len(TOPICS)


def test_a_reader_learns_the_id_of_what_it_reads(broker: Broker) -> None:
    """The sink's keys carry it, so it must need no administrator."""
    assert topic_ids(broker.settings_for("sink"), [METRICS.name]) == topic_ids(broker.settings, [METRICS.name])


def test_each_test_gets_topics_of_its_own(broker: Broker) -> None:
    first, second = broker.create_topics("one", 1), broker.create_topics("one", 1)

    assert set(first) == set(second) == {topic.name for topic in TOPICS}
    assert not set(first.values()) & set(second.values())
    assert all(name.startswith("one-") for name in first.values())
    broker.delete_topics(first)
    broker.delete_topics(second)
