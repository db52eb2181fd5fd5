"""A little of everything that clients ask of a broker, so that the start-up cache knows the classes for it."""

from typing import Any

from confluent_kafka import Consumer, KafkaException, Producer
from confluent_kafka.cimpl import NewTopic
from pulsemon_schemas.runtime.kafka import KafkaSettings, client_config

from pulsemon_deploy.kafka.admin import admin_client

TOPIC = "training"
MESSAGES = 200
TIMEOUT_SECONDS = 20.0


def exercise(settings: KafkaSettings) -> None:
    """Creates a topic, writes to it (idempotently and in a transaction) and reads it in a group. Raises OSError."""
    try:
        admin = admin_client(settings)
        for future in admin.create_topics([NewTopic(TOPIC, 1, 1)]).values():
            future.result(TIMEOUT_SECONDS)
        _write(settings)
        _read(settings)
    except KafkaException as error:
        raise OSError(f"the training client failed: {error}") from error


def _quiet(settings: KafkaSettings) -> dict[str, Any]:
    """A broker that has just begun answers "still loading"; librdkafka, which asks again, would tell the console."""
    return {**client_config(settings), "log_level": 0}


def _write(settings: KafkaSettings) -> None:
    producer = Producer({**_quiet(settings), "compression.type": "zstd", "transactional.id": TOPIC})
    producer.init_transactions(TIMEOUT_SECONDS)
    producer.begin_transaction()
    for number in range(MESSAGES):
        producer.produce(TOPIC, key=str(number), value=b"x" * 200)
    producer.commit_transaction(TIMEOUT_SECONDS)


def _read(settings: KafkaSettings) -> None:
    consumer = Consumer({**_quiet(settings), "group.id": TOPIC, "auto.offset.reset": "earliest"})
    try:
        consumer.subscribe([TOPIC])
        consumer.consume(MESSAGES, TIMEOUT_SECONDS)
        consumer.commit(asynchronous=False)
    finally:
        consumer.close()
