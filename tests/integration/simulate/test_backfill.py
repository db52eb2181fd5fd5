"""History in the real engine: whole, once, and on from where it was broken off."""

import threading
from collections.abc import Iterator
from contextlib import closing

import numpy as np
import pytest
from pulsemon_deploy.simulate import backfill
from pulsemon_deploy.simulate.fleet import fleet
from pulsemon_deploy.simulate.incidents import Kind, incidents_of
from pulsemon_deploy.simulate.settings import SimulatorSettings
from pulsemon_deploy.simulate.signals import Signals
from pulsemon_schemas.catalogue import headline_names
from pulsemon_sinks.clickhouse.connection import NativeStore, Row
from pulsemon_sinks.clickhouse.migrate import migrate
from pulsemon_sinks.clickhouse.settings import ClickHouseSettings
from support.clickhouse import Engine

pytestmark = pytest.mark.clickhouse

# Noon and some minutes: both days of UTC are cut in the middle of an hour.
NOW = 1_795_610_345
DAY = 86_400
SETTINGS = SimulatorSettings(servers=2, history_days=1)


@pytest.fixture
def database(clickhouse: Engine) -> Iterator[ClickHouseSettings]:
    settings = clickhouse.fresh_database()
    with closing(NativeStore(settings)) as store:
        migrate(settings, store)
    yield settings
    clickhouse.drop(settings)


def run(database: ClickHouseSettings, now: int = NOW, settings: SimulatorSettings = SETTINGS) -> backfill.Filled:
    return backfill.run(settings, database, threading.Event(), lambda: now)


def counts(database: ClickHouseSettings) -> dict[str, int]:
    """Rows of each table as they lie there: nothing is deduplicated for the count."""
    tables = ("samples", "batches", "latest", "sightings")
    return {table: rows(database, "SELECT count() FROM {database}." + table)[0][0] for table in tables}


def rows(database: ClickHouseSettings, sql: str, **parameters: object) -> list[Row]:
    """The answer to a query about ``{database}``."""
    with closing(NativeStore(database)) as store:
        return store.rows(sql.replace("{database}", database.database), parameters)


def test_a_day_of_two_servers_is_stored_as_computed_and_a_second_run_adds_nothing(
    database: ClickHouseSettings,
) -> None:
    filled = run(database)
    first = counts(database)
    assert first["batches"] == filled.batches == 2 * DAY // 60
    assert first["samples"] == filled.samples
    assert run(database).windows == 0
    assert counts(database) == first

    end = NOW // 60 * 60 + 60
    minutes = np.arange(end - DAY, end, 60, dtype=np.int64)
    for server in fleet(2, SETTINGS.seed):
        table = Signals(SETTINGS.seed, server, end - DAY, end).table(minutes)
        computed = table.values[table.names.index("system.cpu.busy")]
        stored = rows(
            database,
            "SELECT toUnixTimestamp(recorded_at), value FROM {database}.samples "
            "WHERE name = 'system.cpu.busy' AND server_id = %(id)s ORDER BY recorded_at",
            id=server.server_id,
        )
        assert stored == list(zip(minutes.tolist(), computed.tolist(), strict=True))
        sql = "SELECT DISTINCT name, labels FROM {database}.samples WHERE server_id = %(id)s ORDER BY name, labels"
        assert rows(database, sql, id=server.server_id) == list(zip(table.names, table.labels, strict=True))


def test_batches_tell_of_every_sample_and_of_no_loss(database: ClickHouseSettings) -> None:
    run(database)
    producers = rows(
        database,
        "SELECT server_id, producer_id, min(sequence), max(sequence) + 1 - uniqExact(sequence), sum(samples), "
        "uniqExact(recorded_at) - count(), min(delay_ms) FROM {database}.batches FINAL GROUP BY 1, 2",
    )
    for _, _, first, lost, _, doubled, delay in producers:
        assert (first, lost, doubled) == (0, 0, 0)
        assert delay > 0
    for server_id, count in rows(database, "SELECT server_id, count() FROM {database}.samples GROUP BY server_id"):
        assert sum(row[4] for row in producers if row[0] == server_id) == count


def test_what_was_broken_off_is_done_by_the_next_run(database: ClickHouseSettings) -> None:
    stop = threading.Event()
    ticks = iter(range(10**6))

    class StopsAfterTheFirstWindow(threading.Event):
        def is_set(self) -> bool:
            return next(ticks) > 0

    first = backfill.run(SETTINGS, database, StopsAfterTheFirstWindow(), lambda: NOW)
    assert first.windows == 1
    assert 0 < counts(database)["batches"] < 2 * DAY // 60
    second = backfill.run(SETTINGS, database, stop, lambda: NOW)
    assert first.batches + second.batches == counts(database)["batches"] == 2 * DAY // 60


def test_samples_without_their_batches_are_written_once(database: ClickHouseSettings) -> None:
    """As after kill -9 between the two: the same window again, under the same tokens."""
    whole = run(database)
    rows(database, "TRUNCATE TABLE {database}.batches")
    assert run(database).samples == whole.samples
    assert counts(database)["samples"] == whole.samples


def test_the_time_in_which_nothing_ran_is_filled(database: ClickHouseSettings) -> None:
    run(database)
    later = NOW + 3 * 3600
    filled = run(database, later)
    assert filled.batches == 2 * 3 * 60
    assert counts(database)["batches"] == 2 * (DAY // 60 + 3 * 60)
    assert run(database, later).windows == 0


def test_servers_that_are_added_get_their_past_and_others_nothing_new(database: ClickHouseSettings) -> None:
    run(database)
    added = run(database, settings=SimulatorSettings(servers=4, history_days=1))
    assert added.batches == 2 * DAY // 60
    assert counts(database)["batches"] == 4 * DAY // 60


def test_a_silent_server_has_a_hole_and_is_last_seen_before_it(database: ClickHouseSettings) -> None:
    servers = fleet(50, 1)
    number, silence = next(
        (number, one)
        for number, server in enumerate(servers)
        for one in incidents_of(1, server, NOW - DAY, NOW)
        if one.kind is Kind.SILENT and one.ended_at - one.started_at > 7200
    )
    now = silence.started_at + 3600
    settings = SimulatorSettings(servers=number + 1, history_days=1)
    backfill.run(settings, database, threading.Event(), lambda: now)
    silent = servers[number].server_id
    ((seen_at,),) = rows(
        database, "SELECT toUnixTimestamp(last_seen_at) FROM {database}.servers WHERE server_id = %(id)s", id=silent
    )
    newest = rows(
        database,
        "SELECT name, max(toUnixTimestamp(recorded_at)) FROM {database}.latest WHERE server_id = %(id)s GROUP BY 1",
        id=silent,
    )
    assert silence.started_at - 60 <= seen_at < silence.started_at
    assert {at for _, at in newest} == {seen_at}
    names = {name for name, _ in newest}
    assert {"system.cpu.busy", "system.filesystem.utilization"} <= names <= set(headline_names())
