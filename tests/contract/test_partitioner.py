"""We compute the partition of a key as the client library does that sends it."""

import pytest
from confluent_kafka import KafkaError, Message, Producer
from pulsemon_schemas.partitioner import partition_for
from pulsemon_schemas.runtime.kafka import producer_config
from pulsemon_schemas.topics import METRICS
from support.kafka import Broker

PARTITION_COUNT = 7


@pytest.mark.kafka
def test_librdkafka_puts_keys_where_we_expect_them(kafka: Broker) -> None:
    names = kafka.create_topics("partitioner", PARTITION_COUNT)
    keys = [f"server-{number}-{'x' * (number % 9)}".encode() for number in range(300)] + [
        "größe-☃".encode(),
        b"\xff" * 5,
    ]
    placed: dict[bytes, int | None] = {}

    def note(error: KafkaError | None, message: Message) -> None:
        assert error is None, error
        placed[bytes(message.key() or b"")] = message.partition()

    producer = Producer(producer_config(kafka.settings_for("agent"), "test"))
    for key in keys:
        producer.produce(names[METRICS.name], key=key, value=b"", on_delivery=note)
    assert producer.flush(30) == 0

    assert placed == {key: partition_for(key, PARTITION_COUNT) for key in keys}
    assert set(placed.values()) == set(range(PARTITION_COUNT))
    kafka.delete_topics(names)
