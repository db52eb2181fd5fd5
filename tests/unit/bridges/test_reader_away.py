"""What a reader of alerts says of a broker that is not there."""

import threading

import pytest
from pulsemon import KafkaSettings, alerts
from support.waiting import wait_until


def test_a_broker_that_is_away_is_named_with_the_reason_once(caplog: pytest.LogCaptureFixture) -> None:
    stop = threading.Event()
    kafka = KafkaSettings("127.0.0.1:9")
    reading = threading.Thread(target=lambda: list(alerts.read(kafka, group="pulsemon-bridge-away", stop=stop)))
    reading.start()
    try:
        wait_until(lambda: bool(caplog.records))
    finally:
        stop.set()
        reading.join(30)

    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "127.0.0.1:9/bootstrap: Connect to" in caplog.text
    assert "Nothing is lost" in caplog.text
