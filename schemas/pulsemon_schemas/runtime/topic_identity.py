"""Which log a topic's name stands for now: its id, and how many partitions it has."""

import base64
import uuid
from dataclasses import dataclass

from confluent_kafka import KafkaException, TopicCollection
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._topic import TopicDescription

from pulsemon_schemas.errors import TransientError

KAFKA_TIMEOUT_SECONDS = 3.0
RETRY_AFTER_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class TopicIdentity:
    """One life of a topic (the text of a UUID): made anew under the same name it has another id."""

    topic_id: str
    partition_count: int


def identify(admin: AdminClient, topic: str) -> TopicIdentity:
    """The topic as it is now. TransientError if Kafka does not answer or has no such topic."""
    try:
        future = admin.describe_topics(TopicCollection([topic]), request_timeout=KAFKA_TIMEOUT_SECONDS)[topic]
        described = future.result(KAFKA_TIMEOUT_SECONDS + 1)
    except (KafkaException, TimeoutError) as error:
        raise TransientError(
            f"Kafka does not describe {topic}: {error}; nothing is lost, and work on it waits until it does",
            RETRY_AFTER_SECONDS,
        ) from error
    return TopicIdentity(topic_id_of(described), len(described.partitions))


def topic_id_of(description: TopicDescription) -> str:
    """The topic's id as the text of a UUID."""
    return str(uuid.UUID(bytes=base64.urlsafe_b64decode(f"{description.topic_id}==")))
