import threading

import pytest
from pulsemon_producers.kafka_publisher import KafkaPublisher
from pulsemon_schemas.errors import ContractError
from pulsemon_schemas.records import MetricBatch
from pulsemon_schemas.runtime.kafka import KafkaSettings
from pulsemon_schemas.topics import MAX_RECORD_BYTES

NOBODY = KafkaSettings(bootstrap="127.0.0.1:1")


def batch(label: str = "x=1") -> MetricBatch:
    return MetricBatch("web-1", "agent", "p", 0, "", -1, 1000, 1000, ("a",), (label,), (1.0,))


@pytest.mark.parametrize("size", [MAX_RECORD_BYTES - 20_000, MAX_RECORD_BYTES + 1])
def test_what_no_broker_will_take_is_refused_at_once(size: int) -> None:
    publisher = KafkaPublisher(NOBODY, "test")

    with pytest.raises(ContractError) as refused:
        publisher.publish(batch("x" * size))

    assert refused.value.reason == "too_large"
    publisher.close()


def test_an_interrupted_attempt_returns_without_raising() -> None:
    publisher = KafkaPublisher(NOBODY, "test")
    answers: list[bool] = []
    thread = threading.Thread(target=lambda: answers.append(publisher.publish(batch())))
    thread.start()

    publisher.interrupt()
    thread.join(10)

    assert answers == [False]
    publisher.close()
