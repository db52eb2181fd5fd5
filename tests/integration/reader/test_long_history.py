"""Long windows are answered from rollups with the newest hours from raw samples, as raw samples alone would answer."""

import math
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest
from pulsemon_sinks.reader.choice import Choice, Level, Window
from pulsemon_sinks.reader.reader import Reader
from pulsemon_sinks.reader.tiers import Reach
from support.clickhouse import Engine
from support.rolled import ANEW, DAY, Rolled, Sample

pytestmark = pytest.mark.clickhouse

START = int(time.time()) // DAY * DAY - DAY
HOURS = 30
CPU = Choice("system.cpu.busy")
DISK = Choice("system.filesystem.utilization")
NETWORK = Choice("system.network.io.rate", combine="sum")
SWITCHES = Choice("system.cpu.context_switches", is_counter=True)
HOURLY = Window(START * 1000, (START + HOURS * 3600) * 1000, 3600)
MINUTELY = replace(HOURLY, step_seconds=300)
RAW = Reach()


def samples() -> list[Sample]:
    """Two servers at 20 s for 30 hours; db-1 is silent for four of them."""
    found = []
    for at in range(START, min(START + HOURS * 3600, int(time.time())), 20):
        wave = math.sin(at / 3000)
        for server, offset in (("web-1", 0.1), ("db-1", 0.3)):
            if server == "db-1" and START + 6 * 3600 <= at < START + 10 * 3600:
                continue
            found += [
                Sample(server, CPU.metric, "", at, 0.5 + offset * wave),
                Sample(server, DISK.metric, "mount=/", at, 0.4 + offset),
                Sample(server, DISK.metric, "mount=/data", at, 0.2 + offset + (at % 60) / 1000),
                Sample(server, NETWORK.metric, "direction=receive", at, 100 + 10 * wave),
                Sample(server, NETWORK.metric, "direction=transmit", at, 50.0),
                Sample(server, SWITCHES.metric, "", at, (at - START) * 7.0),
            ]
    return found


@pytest.fixture(scope="module")
def rolled(clickhouse: Engine) -> Iterator[Rolled]:
    made = Rolled(clickhouse.fresh_database())
    made.block(samples())
    made.end()
    made.job().run()
    yield made
    made.close()
    clickhouse.drop(made.settings)


@pytest.fixture
def reader(clickhouse: Engine, rolled: Rolled) -> Iterator[Reader]:
    made = Reader(clickhouse.reader_of(rolled.settings))
    yield made
    made.close()


def raw(reader: Reader) -> Reader:
    """The same, as long as it takes for granted that there are no rollups."""
    reader._reach, reader._reach_at = RAW, time.time()
    return reader


def values(table: pa.Table, name: str) -> list[Any]:
    return list(table.to_pydict()[name])


def assert_close(found: pa.Table, wanted: pa.Table, *columns: str) -> None:
    for name in columns:
        one, other = values(found, name), values(wanted, name)
        assert [value is None for value in one] == [value is None for value in other], name
        pairs = [(a, b) for a, b in zip(one, other, strict=True) if a is not None]
        assert [a for a, _ in pairs] == pytest.approx([b for _, b in pairs], rel=1e-5), name


def test_a_series_from_hours_is_what_raw_samples_say_and_gaps_stay(reader: Reader) -> None:
    found = reader.series("db-1", [CPU, DISK, NETWORK], HOURLY)
    wanted = raw(reader).series("db-1", [CPU, DISK, NETWORK], HOURLY)
    assert values(found, "a0")[6:10] == [None] * 4
    assert_close(found, wanted, "x", "a0", "lo0", "hi0", "a1", "hi1", "a2")


def test_rates_of_counters_come_from_the_minutes(reader: Reader) -> None:
    found = values(reader.series("web-1", [SWITCHES], HOURLY), "a0")
    assert found[0] == pytest.approx(7.0)
    assert [one for one in found if one is not None] == pytest.approx([7.0] * len([one for one in found if one]))


def test_the_fleet_from_minutes_is_what_raw_samples_say(reader: Reader) -> None:
    wanted_levels: list[tuple[Choice, Level]] = [(CPU, "median"), (DISK, "max"), (NETWORK, "sum")]
    levels, bands = reader.fleet_levels(wanted_levels, MINUTELY), reader.fleet_quantiles(CPU, MINUTELY)
    only = reader.fleet_quantiles(CPU, MINUTELY, ["web-1"])
    raw(reader)
    assert_close(levels, reader.fleet_levels(wanted_levels, MINUTELY), "x", "v0", "v1", "v2")
    assert_close(bands, reader.fleet_quantiles(CPU, MINUTELY), "p10", "p50", "p90", "servers")
    assert_close(only, reader.fleet_quantiles(CPU, MINUTELY, ["web-1"]), "p50", "servers")
    assert set(values(reader.fleet_quantiles(CPU, MINUTELY, []), "p50")) == {None}


def test_every_series_of_a_server(reader: Reader) -> None:
    found = reader.metrics_of("web-1", HOURLY)
    wanted = raw(reader).metrics_of("web-1", HOURLY)
    assert values(found, "name") == values(wanted, "name")
    assert_close(found, wanted, "now", "low", "high")


def test_hours_that_are_asked_for_are_read_raw_until_they_are_made(rolled: Rolled, reader: Reader) -> None:
    late = Sample("new-1", CPU.metric, "", START + 30, 0.9)
    rolled.raw([late])
    assert values(reader.series("new-1", [CPU], HOURLY), "a0")[0] is None
    columns = "id, hours"
    rolled.store.insert(
        f"INSERT INTO {rolled.database}.rollup_requests ({columns}) VALUES", [("one", [START // 3600])], ANEW
    )
    reader._reach_at = 0.0
    assert values(reader.series("new-1", [CPU], HOURLY), "a0")[0] == pytest.approx(0.9)
    rolled.job().run()
    reader._reach_at = 0.0
    assert values(reader.series("new-1", [CPU], HOURLY), "a0")[0] == pytest.approx(0.9)
