"""What is said about one cause, whoever suffers from it and how often."""

import pytest
from pulsemon_schemas.errors import TransientError
from pulsemon_sinks.clickhouse.errors import StoreRefusedError, StoreUnreachableError
from pulsemon_sinks.troubles import Troubles

FULL = StoreRefusedError(243, "Cannot reserve 1.00 MiB, not enough space")
AWAY = StoreUnreachableError("ClickHouse at a:1 does not answer: refused", 0.2)


@pytest.fixture(name="said")
def what_is_said(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level("INFO", "pulsemon_sinks.troubles")
    return caplog


def test_one_cause_is_said_once_at_its_begin_and_once_at_its_end(said: pytest.LogCaptureFixture) -> None:
    troubles = Troubles()
    for number in range(12):
        troubles.begin(f"metrics:{number % 4}", FULL)
    assert [one.levelname for one in said.records] == ["WARNING"]
    assert "disk of ClickHouse is full" in said.text
    assert "free some space" in said.text
    for number in range(4):
        assert "over after" not in said.text
        troubles.end(f"metrics:{number}")
    troubles.end("metrics:0")
    assert [one.levelname for one in said.records] == ["WARNING", "INFO"]


def test_a_cause_that_changes_is_said(said: pytest.LogCaptureFixture) -> None:
    troubles = Troubles()
    for error in (AWAY, StoreUnreachableError("ClickHouse at a:2 did not confirm", 0.2), FULL, AWAY):
        troubles.begin("metrics", error)
    troubles.begin("control", TransientError("Kafka does not describe it"))
    assert [one.getMessage().split(":")[0].split(" does")[0] for one in said.records] == [
        "ClickHouse at a",
        "The disk of ClickHouse is full (code 243)",
        "ClickHouse at a",
        "Kafka",
    ]


def test_the_systems_own_word_for_a_full_disk_counts_too() -> None:
    assert StoreRefusedError(76, "Cannot open file x, errno: 28, No space left on device").is_disk_full
    assert not StoreRefusedError(241, "memory limit exceeded").is_disk_full
