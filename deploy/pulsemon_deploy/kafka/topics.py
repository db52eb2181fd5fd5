"""Topics of a broker, from the data about them: created, checked, set right; and their ids."""

import logging
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from confluent_kafka import KafkaException, TopicCollection
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._config import AlterConfigOpType, ConfigEntry, ConfigResource
from confluent_kafka.admin._metadata import TopicMetadata
from confluent_kafka.admin._resource import ResourceType
from confluent_kafka.cimpl import KafkaError, NewTopic
from pulsemon_schemas.errors import PermanentError, TransientError
from pulsemon_schemas.runtime.kafka import KafkaSettings
from pulsemon_schemas.runtime.topic_identity import topic_id_of
from pulsemon_schemas.topics import TOPICS, Topic

from pulsemon_deploy.kafka.admin import admin_client

logger = logging.getLogger(__name__)

TIMEOUT_SECONDS = 20.0
LEADER_POLL_SECONDS = 0.02
# The broker's own default: 1 on the local node, what its administrator chose on a cluster.
BROKER_DEFAULT_REPLICATION = -1


@dataclass(frozen=True, slots=True)
class TopicChanges:
    """What ``ensure_topics`` did: names created, and names whose settings were set right."""

    created: tuple[str, ...] = ()
    altered: tuple[str, ...] = ()


def ensure_topics(settings: KafkaSettings, partition_count: int, topics: Sequence[Topic] = TOPICS) -> TopicChanges:
    """Creates the topics that are missing, sets drifted settings right, and returns when every partition has a leader.

    ``partition_count`` is N, for topics whose data names no number. Safe to repeat, and for two at once. Raises
    PermanentError, before anything is changed, if a topic exists with another number of partitions.
    """
    admin = admin_client(settings)
    wanted = {topic.name: topic.partitions or partition_count for topic in topics}
    present = admin.list_topics(timeout=TIMEOUT_SECONDS).topics
    _check_partitions(wanted, present)
    missing = [topic for topic in topics if topic.name not in present]
    created = _create(admin, missing, wanted)
    altered = _set_right(admin, [topic for topic in topics if topic.name in present])
    _wait_for_leaders(admin, wanted)
    return TopicChanges(created, altered)


def topic_ids(settings: KafkaSettings, names: Iterable[str] | None = None) -> dict[str, str]:
    """Name to id, as the text of a UUID, of the named topics (all of ours unless given) that exist.

    A topic that was deleted and made again has another id: it is another log. Raises KafkaException.
    """
    asked = [topic.name for topic in TOPICS] if names is None else list(names)
    admin = admin_client(settings)
    futures = admin.describe_topics(TopicCollection(asked), request_timeout=TIMEOUT_SECONDS)
    ids = {}
    for name, future in futures.items():
        try:
            ids[name] = topic_id_of(future.result(TIMEOUT_SECONDS))
        except KafkaException as error:
            if error.args[0].code() != KafkaError.UNKNOWN_TOPIC_OR_PART:
                raise
    return ids


def _check_partitions(wanted: Mapping[str, int], present: Mapping[str, TopicMetadata]) -> None:
    """Keys are spread by the number of partitions, so an existing topic keeps the one it was made with."""
    wrong = [
        f"{name} has {len(present[name].partitions)}, wanted are {count}"
        for name, count in wanted.items()
        if name in present and len(present[name].partitions) != count
    ]
    if wrong:
        raise PermanentError(
            f"Topics exist with another number of partitions: {'; '.join(wrong)}. Nothing was changed. "
            "Start with the number that they have; another number needs new topics."
        )


def _create(admin: AdminClient, topics: Sequence[Topic], wanted: Mapping[str, int]) -> tuple[str, ...]:
    if not topics:
        return ()
    new = [
        NewTopic(topic.name, wanted[topic.name], BROKER_DEFAULT_REPLICATION, config=dict(topic.config))
        for topic in topics
    ]
    for future in admin.create_topics(new, request_timeout=TIMEOUT_SECONDS).values():
        try:
            future.result(TIMEOUT_SECONDS)
        except KafkaException as error:
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise
    return tuple(topic.name for topic in topics)


def _set_right(admin: AdminClient, topics: Sequence[Topic]) -> tuple[str, ...]:
    resources = {topic.name: ConfigResource(ResourceType.TOPIC, topic.name) for topic in topics}
    if not resources:
        return ()
    answers = admin.describe_configs(list(resources.values()), request_timeout=TIMEOUT_SECONDS)
    found = {resource.name: future.result(TIMEOUT_SECONDS) for resource, future in answers.items()}
    corrections = [_correction(topic, found[topic.name]) for topic in topics]
    drifted = [resource for resource in corrections if resource is not None]
    if drifted:
        for future in admin.incremental_alter_configs(drifted, request_timeout=TIMEOUT_SECONDS).values():
            future.result(TIMEOUT_SECONDS)
    return tuple(resource.name for resource in drifted)


def _correction(topic: Topic, found: Mapping[str, ConfigEntry]) -> ConfigResource | None:
    """The settings of a topic that differ from the data, as a change; None if all are right."""
    changes = [
        ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET)
        for name, value in topic.config.items()
        if name not in found or found[name].value != value
    ]
    if not changes:
        return None
    names = ", ".join(change.name for change in changes)
    logger.warning("Topic %s had other settings than its data says; set right: %s", topic.name, names)
    return ConfigResource(ResourceType.TOPIC, topic.name, incremental_configs=changes)


def _wait_for_leaders(admin: AdminClient, wanted: Mapping[str, int]) -> None:
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while leaderless := _leaderless(admin, wanted):
        if time.monotonic() >= deadline:
            raise TransientError(f"Topics without a leader after {TIMEOUT_SECONDS:.0f} s: {', '.join(leaderless)}", 5.0)
        time.sleep(LEADER_POLL_SECONDS)


def _leaderless(admin: AdminClient, wanted: Mapping[str, int]) -> list[str]:
    present = admin.list_topics(timeout=TIMEOUT_SECONDS).topics
    return [
        name
        for name, count in wanted.items()
        if name not in present
        or len(present[name].partitions) != count
        or any(partition.leader < 0 for partition in present[name].partitions.values())
    ]
