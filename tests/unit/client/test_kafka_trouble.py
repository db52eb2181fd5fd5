import logging

import pytest
from confluent_kafka import KafkaError
from pulsemon_producers.client.kafka_trouble import Troubles
from pulsemon_schemas.runtime.kafka import KafkaSettings

REFUSED = KafkaError(KafkaError.TOPIC_AUTHORIZATION_FAILED, "not yours")
UNTRUSTED = KafkaError(KafkaError._SSL, "certificate verify failed")
UNREACHED = KafkaError(KafkaError._TRANSPORT, "connection refused")
DOWN = KafkaError(KafkaError._ALL_BROKERS_DOWN, "1/1 brokers are down")
SLOW = KafkaError(KafkaError._MSG_TIMED_OUT, "message timed out")


@pytest.fixture
def troubles(caplog: pytest.LogCaptureFixture) -> Troubles:
    caplog.set_level(logging.INFO)
    return Troubles(KafkaSettings("kafka:9092"), logging.getLogger("test"))


def test_what_takes_long_is_told_by_what_was_met_meanwhile(
    troubles: Troubles, caplog: pytest.LogCaptureFixture
) -> None:
    troubles.note(UNREACHED)
    troubles.note(DOWN)
    troubles.tell(SLOW)
    troubles.tell()
    (told,) = caplog.messages
    assert told.startswith("Kafka at kafka:9092 does not take metrics: connection refused. Metrics are kept in memory")


def test_who_has_to_act_is_told_though_it_was_away_before_and_never_that_it_is_away_after(
    troubles: Troubles, caplog: pytest.LogCaptureFixture
) -> None:
    for error in (UNREACHED, REFUSED, UNREACHED, REFUSED, UNTRUSTED, SLOW):
        troubles.tell(error)
    assert len(caplog.messages) == 3
    assert "not yours" in caplog.messages[1]
    assert "certificate verify failed" in caplog.messages[2]
    assert "Look at security_protocol and ca_file" in caplog.messages[2]


def test_all_is_forgotten_when_it_takes_records_again(troubles: Troubles, caplog: pytest.LogCaptureFixture) -> None:
    troubles.end()
    assert not caplog.messages, "it never was away"
    troubles.note(REFUSED)
    troubles.tell()
    troubles.end()
    troubles.end()
    troubles.tell()
    assert len(caplog.messages) == 3
    assert caplog.messages[1] == "Kafka at kafka:9092 takes metrics again."
    assert "does not take metrics: no answer." in caplog.messages[2]
