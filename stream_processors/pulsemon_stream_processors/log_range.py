"""From where to where a partition goes."""

from confluent_kafka import Consumer, KafkaException, TopicPartition
from pulsemon_schemas.runtime.kafka import KafkaSettings, client_config

from pulsemon_stream_processors.errors import RestoreError

KAFKA_TIMEOUT_SECONDS = 10.0
# A client that is closed while it still connects to some broker would tell of that.
QUIET = 2


def log_range(kafka: KafkaSettings, group_id: str, topic: str, partition: int) -> tuple[int, int]:
    """The first offset that a partition still has, and the one after its last. Raises RestoreError."""
    consumer = Consumer({**client_config(kafka), "group.id": group_id, "log_level": QUIET})
    try:
        first, end = consumer.get_watermark_offsets(TopicPartition(topic, partition), KAFKA_TIMEOUT_SECONDS)
        return int(first), int(end)
    except KafkaException as error:
        raise RestoreError(f"Kafka does not say where {topic}:{partition} begins and ends: {error}") from error
    finally:
        consumer.close()
