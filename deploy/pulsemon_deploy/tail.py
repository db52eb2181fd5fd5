"""What flows through a topic from now on, decoded."""

from collections.abc import Iterator

from confluent_kafka import OFFSET_END, Consumer, KafkaException, TopicPartition
from pulsemon_schemas.codec import decode
from pulsemon_schemas.errors import ContractError, TransientError
from pulsemon_schemas.records import MetricBatch, Record
from pulsemon_schemas.runtime.kafka import KafkaSettings, consumer_config
from pulsemon_schemas.topics import METRICS

GROUP_ID = "pulsemon-operator-tail"
ANSWER_SECONDS = 10.0
POLL_SECONDS = 0.2
# A consumer that ends early tells of the connections that it gave up, which is of no interest to anyone.
QUIET = {"log_level": 2}
POLL_RECORDS = 500


def tail(settings: KafkaSettings) -> Iterator[MetricBatch]:
    """Batches of the metrics topic; see ``follow``."""
    for record in follow(settings, METRICS.name):
        if isinstance(record, MetricBatch):
            yield record


def follow(settings: KafkaSettings, topic: str) -> Iterator[Record]:
    """Records in the order of arrival, without end; those that cannot be decoded are passed over.

    No offset is committed, so nobody's group is disturbed; only what was committed is read. Raises TransientError when
    the broker does not answer.
    """
    consumer = Consumer({**consumer_config(settings, GROUP_ID, "pulsemon-tail"), **QUIET})
    try:
        known = consumer.list_topics(topic, ANSWER_SECONDS).topics[topic]
        consumer.assign([TopicPartition(topic, number, OFFSET_END) for number in known.partitions])
        while True:
            for message in consumer.consume(POLL_RECORDS, POLL_SECONDS):
                record = None if message.error() else _record(message.value() or b"")
                if record is not None:
                    yield record
    except KafkaException as error:
        raise TransientError(
            f"Kafka at {settings.bootstrap} does not answer: {error}. Is `pulsemon up` running?"
        ) from error
    finally:
        consumer.close()


def _record(value: bytes) -> Record | None:
    try:
        return decode(value)
    except ContractError:
        return None
