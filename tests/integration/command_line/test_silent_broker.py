"""A broker that falls silent while a log is read."""

import pytest
from confluent_kafka import Consumer, TopicPartition
from pulsemon_deploy.control_log import QUIET, reader_config
from pulsemon_deploy.log_reading import read_range
from pulsemon_schemas.errors import TransientError
from pulsemon_schemas.topics import CONTROL
from support.kafka import Broker

pytestmark = pytest.mark.kafka


def test_a_log_whose_end_does_not_come_is_given_up(kafka: Broker) -> None:
    """A real consumer that gets no more: it says nothing, as with a broker that died."""
    topic = kafka.create_topics(topics=[CONTROL])[CONTROL.name]
    producer = kafka.producer()
    for number in range(3):
        producer.produce(topic, b"%d" % number, b"key", 0)
    assert producer.flush(20) == 0
    consumer = Consumer({**reader_config(kafka.settings, "pulsemon-operator-test"), **QUIET})
    try:
        consumer.assign([TopicPartition(topic, 0, 0)])
        read = read_range(consumer, topic, 0, 4, 100, silence_seconds=2.0)
        assert [next(read).value() for _ in range(3)] == [b"0", b"1", b"2"]
        with pytest.raises(TransientError, match="offset 3 of 4, then nothing came for 2 s"):
            next(read)
    finally:
        consumer.close()
