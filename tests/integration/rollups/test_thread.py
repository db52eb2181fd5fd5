"""The thread beside a sink: applies retention, makes rollups, survives a store that is away, and ends when told."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from pulsemon_sinks.clickhouse.settings import ClickHouseSettings
from pulsemon_sinks.clickhouse.ttl import ttls
from pulsemon_sinks.rollups import thread
from support.rolled import DAY, START, TOPIC, Rolled, Sample
from support.waiting import wait_until

pytestmark = pytest.mark.clickhouse


@pytest.fixture(autouse=True)
def looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(thread, "LOOK_SECONDS", 0.1)


@pytest.fixture(name="stop")
def stopped_at_the_end() -> Iterator[threading.Event]:
    stop = threading.Event()
    yield stop
    stop.set()


def test_rollups_and_retention_follow(rolled: Rolled, stop: threading.Event) -> None:
    rolled.store.rows(f"TRUNCATE TABLE {rolled.database}.control")
    with thread.running(rolled.settings, TOPIC, stop):
        rolled.block([Sample("web-1", "system.cpu.busy", "", START + 10 * n, float(n)) for n in range(20)])
        wait_until(lambda: len(rolled.rows("samples_1d")) == 1, 20, "a day is made")
        columns = "topic_id, offset, append_time, entity_type, entity_id, operation, change_id, body, void"
        row = ("log", 0, datetime.now(UTC), "retention", "1m", "put", "c", '{"days": 45}', 0)
        rolled.store.insert(f"INSERT INTO {rolled.database}.control ({columns}) VALUES", [row])
        wait_until(lambda: ttls(rolled.store, rolled.database)["samples_1m"].seconds == 45 * DAY, 20, "the TTL follows")
    assert stop.is_set()


def test_a_store_that_is_away_or_empty_ends_nothing(
    rolled: Rolled, stop: threading.Event, caplog: pytest.LogCaptureFixture
) -> None:
    for settings in (ClickHouseSettings(port=1), replace(rolled.settings, database="nowhere")):
        stop.clear()
        with thread.running(settings, TOPIC, stop):
            names = [one.name for one in threading.enumerate()]
            assert thread.WHO in names
            if settings.port == 1:
                wait_until(lambda: any(one.name.startswith("pulsemon") for one in caplog.records), 20, "it is said")
    assert len([one for one in caplog.records if one.name.startswith("pulsemon")]) == 1, "once"
