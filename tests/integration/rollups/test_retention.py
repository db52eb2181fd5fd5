"""What the control log says about retention, the engine really does: its TTL, its rows and its bytes follow."""

import json
import time
from datetime import UTC, datetime

import pytest
from pulsemon_sinks.clickhouse.ttl import ttls
from pulsemon_sinks.reader.storage import StoredTable, storage
from pulsemon_sinks.retention.applying import Retention, asked
from pulsemon_sinks.rollups.horizon import horizon
from support.rolled import DAY, Rolled
from support.waiting import wait_until

pytestmark = pytest.mark.clickhouse

TODAY = int(time.time()) // DAY * DAY


@pytest.fixture(autouse=True)
def nothing_said(rolled: Rolled) -> None:
    rolled.store.rows(f"TRUNCATE TABLE {rolled.database}.control")


def say(rolled: Rolled, offset: int, tier: str, body: object, *, void: bool = False) -> None:
    columns = "topic_id, offset, append_time, entity_type, entity_id, operation, change_id, body, void"
    row = ("log", offset, datetime.fromtimestamp(offset + 1, UTC), "retention", tier, "put", f"c{offset}")
    rolled.store.insert(
        f"INSERT INTO {rolled.database}.control ({columns}) VALUES", [(*row, json.dumps(body), int(void))]
    )


def raw(rolled: Rolled) -> StoredTable:
    return storage(rolled.store, rolled.database).tables[0]


def test_the_ttl_and_the_bytes_follow(rolled: Rolled) -> None:
    for day in range(8):
        start = TODAY - day * DAY - 3600
        rolled.store.rows(
            f"INSERT INTO {rolled.database}.samples (server_id, name, labels, recorded_at, value) "
            f"SELECT 'web-1', 'm', '', toDateTime64({start}, 3) + INTERVAL number MILLISECOND, rand64() "
            "FROM numbers(40000)"
        )
    before = raw(rolled)
    assert before.rows == 8 * 40_000
    say(rolled, 0, "raw", {"days": 4})
    retention = Retention(rolled.store, rolled.settings)

    assert retention.apply() == ("samples", "batches", "ticks")

    wait_until(lambda: raw(rolled).rows <= 4 * 40_000, 30, "old parts are dropped")
    after = raw(rolled)
    assert "toIntervalDay(4)" in after.ttl
    assert after.kept_days == 4
    assert after.rows == 4 * 40_000
    assert after.size_bytes < before.size_bytes * 0.7
    assert after.oldest is not None
    assert after.oldest.timestamp() > TODAY - 4 * DAY - 3601
    assert retention.apply() == (), "what is right is left alone"


def test_longer_and_for_ever(rolled: Rolled) -> None:
    retention = Retention(rolled.store, rolled.settings)
    say(rolled, 0, "1h", {"days": None})
    say(rolled, 1, "1m", {"days": 90})
    assert retention.apply() == ("samples_1h", "samples_1m")
    say(rolled, 2, "1h", {"days": 730})
    assert retention.apply() == ("samples_1h",)
    found = ttls(rolled.store, rolled.database)
    assert (found["samples_1h"].seconds, found["samples_1m"].seconds) == (730 * DAY, 90 * DAY)


def test_raw_samples_that_a_shorter_retention_took_do_not_come_back(rolled: Rolled) -> None:
    retention = Retention(rolled.store, rolled.settings)
    say(rolled, 0, "raw", {"days": 3})
    retention.apply()
    say(rolled, 1, "raw", {"days": 20})
    retention.apply()
    found = horizon(rolled.store, rolled.database)
    assert found.now - 3 * DAY - 60 <= found.raw_from <= found.now - 3 * DAY


def test_void_records_unknown_tiers_and_bad_bodies_change_nothing(
    rolled: Rolled, caplog: pytest.LogCaptureFixture
) -> None:
    say(rolled, 0, "raw", {"days": 3}, void=True)
    say(rolled, 1, "1m", {"days": 0})
    say(rolled, 2, "5m", {"days": 9})
    retention = Retention(rolled.store, rolled.settings)
    assert set(asked(rolled.store, rolled.database)) == {"1m", "5m"}
    assert (retention.apply(), retention.apply()) == ((), ())
    assert len(caplog.records) == 2, "each is said once"
