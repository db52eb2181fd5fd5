import shutil
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from pulsemon_deploy.kafka import ensure_topics
from pulsemon_producers.kafka_publisher import KafkaPublisher
from pulsemon_schemas.records import MetricBatch
from pulsemon_schemas.runtime.settings import Secret
from pulsemon_schemas.topics import METRICS
from support.kafka import Broker, running_broker
from support.waiting import wait_until

pytestmark = pytest.mark.kafka

WAIT_SECONDS = 30.0


def batch(sequence: int) -> MetricBatch:
    return MetricBatch("web-1", "agent", "p", sequence, "", -1, 1000, 1000, ("a",), ("",), (1.0,))


def test_a_wrong_password_is_named_and_the_batch_is_kept(kafka: Broker, caplog: pytest.LogCaptureFixture) -> None:
    settings = replace(kafka.settings_for("agent"), password=Secret("wrong"))
    publisher = KafkaPublisher(settings, "test")
    answers: list[bool] = []
    thread = threading.Thread(target=lambda: answers.append(publisher.publish(batch(0))))
    thread.start()
    try:
        wait_until(lambda: "does not take batches" in caplog.text, WAIT_SECONDS, "the refusal to be told")
    finally:
        publisher.close()
        thread.join(WAIT_SECONDS)

    assert answers == [False]
    assert "uthentication" in caplog.text
    assert "wrong" not in caplog.text


def test_a_role_that_may_not_write_is_told_so(kafka: Broker, caplog: pytest.LogCaptureFixture) -> None:
    topic = kafka.create_topics("publisher")["pulsemon.alerts"]
    publisher = KafkaPublisher(kafka.settings_for("agent"), "test", topic)

    assert publisher.publish(batch(0)) is False
    assert publisher.publish(batch(0)) is False

    assert caplog.text.count("does not take batches") == 1
    publisher.close()


def test_a_login_that_may_write_nowhere_is_told_so_and_the_batch_is_kept(
    kafka: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    topic = kafka.create_topics("publisher")["pulsemon.alerts"]
    publisher = KafkaPublisher(kafka.settings_for("bridge"), "test", topic)

    assert publisher.publish(batch(0)) is False
    assert publisher.publish(batch(0)) is False

    assert caplog.text.count("does not take batches") == 1
    publisher.close()


def test_a_broker_that_lost_its_log_gets_what_comes_next(tmp_path: Path) -> None:
    with running_broker(tmp_path) as broker:
        ensure_topics(broker.settings, 4, [METRICS])
        publisher = KafkaPublisher(broker.settings, "test")
        assert publisher.publish(batch(0))
        assert publisher.publish(batch(1))

        broker.kill()
        shutil.rmtree(broker.node.data_folder)
        broker.start()
        ensure_topics(broker.settings, 4, [METRICS])

        wait_until(lambda: publisher.publish(batch(2)), WAIT_SECONDS, "the batch to be taken")
        assert publisher.publish(batch(3))
        publisher.close()
