"""What flows through the metrics topic from now on, decoded."""

from collections.abc import Iterator

from confluent_kafka import OFFSET_END, Consumer, KafkaException, TopicPartition
from pulsemon_schemas.codec import decode
from pulsemon_schemas.errors import ContractError, TransientError
from pulsemon_schemas.records import MetricBatch
from pulsemon_schemas.runtime.kafka import KafkaSettings, consumer_config
from pulsemon_schemas.topics import METRICS

GROUP_ID = "pulsemon-operator-tail"
ANSWER_SECONDS = 10.0
POLL_SECONDS = 0.2
# A consumer that ends early tells of the connections that it gave up, which is of no interest to anyone.
QUIET = {"log_level": 2}
POLL_RECORDS = 500


def tail(settings: KafkaSettings) -> Iterator[MetricBatch]:
    """Batches in the order of arrival, without end; records that cannot be decoded are passed over.

    No offset is committed, so nobody's group is disturbed. Raises TransientError when the broker does not answer.
    """
    consumer = Consumer({**consumer_config(settings, GROUP_ID, "pulsemon-tail"), **QUIET})
    try:
        known = consumer.list_topics(METRICS.name, ANSWER_SECONDS).topics[METRICS.name]
        consumer.assign([TopicPartition(METRICS.name, number, OFFSET_END) for number in known.partitions])
        while True:
            for message in consumer.consume(POLL_RECORDS, POLL_SECONDS):
                batch = None if message.error() else _batch(message.value() or b"")
                if batch is not None:
                    yield batch
    except KafkaException as error:
        raise TransientError(
            f"Kafka at {settings.bootstrap} does not answer: {error}. Is `pulsemon up` running?"
        ) from error
    finally:
        consumer.close()


def _batch(value: bytes) -> MetricBatch | None:
    try:
        record = decode(value)
    except ContractError:
        return None
    return record if isinstance(record, MetricBatch) else None
