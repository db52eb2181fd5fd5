"""The reader's questions to the real engine, asked with the login that may only read."""

import time
from collections.abc import Iterator

import pytest
from pulsemon_schemas.errors import TransientError
from pulsemon_sinks.clickhouse.errors import StoreRefusedError
from pulsemon_sinks.clickhouse.settings import ClickHouseSettings
from pulsemon_sinks.reader.choice import Choice, Line, Window
from pulsemon_sinks.reader.reader import Reader
from support.clickhouse import Engine
from support.stored_fleet import Series, StoredFleet

pytestmark = pytest.mark.clickhouse

START = int(time.time()) // 3600 * 3600 - 7200
BUSY: Series = ("system.cpu.busy", "")
ROOT: Series = ("system.filesystem.utilization", "device=a,mountpoint=/")
DATA: Series = ("system.filesystem.utilization", "device=b,mountpoint=/data")
ETH: Series = ("system.network.io.rate", "direction=receive,network.interface.name=eth0")
WLAN: Series = ("system.network.io.rate", "direction=receive,network.interface.name=wlan0")
LOOP: Series = ("system.network.io.rate", "direction=receive,network.interface.name=lo")
SWITCHES: Series = ("system.cpu.context_switches", "")

CPU = Choice("system.cpu.busy")
DISK = Choice("system.filesystem.utilization")
NETWORK = Choice("system.network.io.rate", ("direction=receive",), ("network.interface.name=lo",), "sum")
RATE = Choice("system.cpu.context_switches", is_counter=True)


@pytest.fixture
def fleet(clickhouse: Engine) -> Iterator[StoredFleet]:
    made = StoredFleet(clickhouse.fresh_database())
    yield made
    made.close()
    clickhouse.drop(made.settings)


@pytest.fixture
def reader(clickhouse: Engine, fleet: StoredFleet) -> Iterator[Reader]:
    made = Reader(clickhouse.reader_of(fleet.settings))
    yield made
    made.close()


def window(seconds: int, step: int = 10) -> Window:
    return Window(START * 1000, (START + seconds) * 1000, step)


def test_servers_are_registered_ones_and_those_known_from_their_data(fleet: StoredFleet, reader: Reader) -> None:
    fleet.register("db-1", environment="prod", region="eu", role="db")
    fleet.batch("lonely", START, {BUSY: 0.1})

    registered, lonely = reader.servers()

    assert (registered.server_id, registered.role, registered.last_seen_ms) == ("db-1", "db", None)
    assert (lonely.server_id, lonely.role, lonely.last_seen_ms) == ("lonely", "", START * 1000)
    assert reader.as_of_ms() == START * 1000


def test_an_empty_store_knows_nothing(reader: Reader) -> None:
    assert reader.servers() == ()
    assert reader.as_of_ms() is None
    assert reader.readings([CPU, DISK]) == {}
    assert reader.sparklines([Line("a", CPU, window(60))]) == {}
    assert reader.metrics_of("a", window(60)).num_rows == 0
    assert set(reader.series("a", [CPU], window(60)).to_pydict()["a0"]) == {None}


def test_a_server_that_only_services_speak_of_was_not_seen(fleet: StoredFleet, reader: Reader) -> None:
    fleet.batch("web-1", START, {BUSY: 0.1}, source="service")

    assert reader.servers()[0].last_seen_ms is None


def test_the_newest_reading_of_several_series_is_the_largest_or_their_sum(fleet: StoredFleet, reader: Reader) -> None:
    fleet.batch("db-1", START, {ROOT: 0.9, DATA: 0.1, ETH: 10.0, WLAN: 5.0, LOOP: 99.0})
    fleet.batch("db-1", START + 10, {ROOT: 0.3, DATA: 0.8, ETH: 20.0, WLAN: 5.0, LOOP: 99.0})

    busy, disk, network = reader.readings([CPU, DISK, NETWORK])["db-1"]

    assert busy is None
    assert disk is not None
    assert (disk.value, disk.labels, disk.recorded_at_ms) == (0.8, DATA[1], (START + 10) * 1000)
    assert network is not None
    assert network.value == 25.0


def test_a_series_has_averages_and_extremes_and_its_gaps_stay(fleet: StoredFleet, reader: Reader) -> None:
    fleet.batches("web-1", [(START + at, {BUSY: at / 100}) for at in (0, 10, 20, 30, 80, 90)])

    columns = reader.series("web-1", [CPU], window(100, step=20)).to_pydict()

    assert columns["x"] == [(START + at) * 1000.0 for at in range(0, 100, 20)]
    assert columns["a0"] == pytest.approx([0.05, 0.25, None, None, 0.85])
    assert columns["lo0"] == pytest.approx([0.0, 0.2, None, None, 0.8])
    assert columns["hi0"] == pytest.approx([0.1, 0.3, None, None, 0.9])


def test_samples_stored_twice_change_nothing(fleet: StoredFleet, reader: Reader) -> None:
    for _ in range(2):
        fleet.batch("web-1", START, {BUSY: 0.5, ETH: 10.0, WLAN: 5.0})
    fleet.batch("web-1", START + 10, {BUSY: 0.7, ETH: 20.0, WLAN: 5.0})

    row = reader.series("web-1", [CPU, NETWORK], window(20, step=20)).to_pylist()[0]

    assert (row["a0"], row["a1"], row["hi1"]) == (pytest.approx(0.6), 20.0, 25.0)


def test_a_counter_is_read_as_its_rate_and_a_reset_is_no_rate(fleet: StoredFleet, reader: Reader) -> None:
    values = {-10: 900.0, 0: 1000.0, 10: 1200.0, 20: 50.0, 30: 150.0}
    fleet.batches("web-1", [(START + at, {SWITCHES: value}) for at, value in values.items()])

    assert reader.series("web-1", [RATE], window(40)).to_pydict()["a0"] == [10.0, 20.0, None, 10.0]


def test_the_rate_of_a_fleet_is_taken_inside_each_bucket_over_resets(fleet: StoredFleet, reader: Reader) -> None:
    fleet.batches(
        "a", [(START + at, {SWITCHES: value}) for at, value in ((0, 100.0), (10, 200.0), (20, 50.0), (30, 150.0))]
    )

    assert reader.fleet_levels([(RATE, "sum")], window(40, step=40)).to_pydict()["v0"] == [pytest.approx(200 / 30)]


def test_one_question_draws_the_small_lines_of_many_servers(fleet: StoredFleet, reader: Reader) -> None:
    for server_id, value in (("a", 0.1), ("b", 0.2)):
        fleet.batches(server_id, [(START + at, {BUSY: value, ROOT: value + 0.5, DATA: 0.0}) for at in (0, 20)])

    wanted = [("a", CPU, 30), ("b", DISK, 30), ("b", CPU, 30), ("a", CPU, 10)]

    lines = reader.sparklines([Line(server_id, choice, window(seconds)) for server_id, choice, seconds in wanted])

    assert lines == {0: [0.1, None, 0.1], 1: [0.7, None, 0.7], 2: [0.2, None, 0.2], 3: [0.1]}


def test_small_lines_of_one_series_and_of_all_do_not_take_from_each_other(fleet: StoredFleet, reader: Reader) -> None:
    for server_id in ("a", "b"):
        fleet.batches(server_id, [(START + at, {ROOT: 0.2, DATA: 0.8}) for at in (0, 10, 20, 30)])
    root = Choice(DISK.metric, tuple(ROOT[1].split(",")))

    lines = reader.sparklines(
        [Line("a", root, window(40, step=20)), Line("a", DISK, window(40)), Line("b", DISK, window(20))]
    )

    assert lines == {0: [0.2, 0.2], 1: [0.8] * 4, 2: [0.8] * 2}


def test_quantiles_are_taken_over_the_servers_and_not_over_their_samples(fleet: StoredFleet, reader: Reader) -> None:
    fleet.batches("busy", [(START + at, {BUSY: 0.9}) for at in range(0, 60, 10)])
    fleet.batch("calm", START, {BUSY: 0.1})
    fleet.batch("idle", START, {BUSY: 0.2})

    row, empty = reader.fleet_quantiles(CPU, window(120, step=60)).to_pylist()

    assert (row["p50"], row["servers"]) == (0.2, 3.0)
    assert empty["p50"] is None
    assert reader.fleet_quantiles(CPU, window(60, step=60), ["busy", "calm"]).to_pylist()[0]["servers"] == 2.0


def test_levels_are_medians_largest_values_and_sums(fleet: StoredFleet, reader: Reader) -> None:
    for server_id, value in (("a", 0.1), ("b", 0.2), ("c", 0.6)):
        fleet.batch(server_id, START, {BUSY: value, ROOT: value, ETH: value, WLAN: 1.0})

    row = reader.fleet_levels([(CPU, "median"), (DISK, "max"), (NETWORK, "sum")], window(60, step=60)).to_pylist()[0]

    assert (row["v0"], row["v1"], row["v2"]) == (0.2, 0.6, pytest.approx(3.9))


def test_every_series_of_a_server_has_its_newest_and_extreme_values(fleet: StoredFleet, reader: Reader) -> None:
    fleet.batches("a", [(START + at, {BUSY: value, ROOT: 0.5}) for at, value in ((0, 0.9), (10, 0.1), (20, 0.4))])

    busy, root = reader.metrics_of("a", window(30)).to_pylist()

    assert busy == {
        "name": "system.cpu.busy",
        "labels": "",
        "now": 0.4,
        "low": 0.1,
        "high": 0.9,
        "spark": [0.9, 0.1, 0.4],
    }
    assert root["labels"] == ROOT[1]
    assert reader.metric_names("a", window(10)) == {BUSY[0], ROOT[0]}
    assert reader.metric_names("a", Window((START - 60) * 1000, START * 1000, 60)) == frozenset()


def test_hostile_ids_are_values_and_never_sql(fleet: StoredFleet, reader: Reader) -> None:
    hostile = "x' OR 1=1; DROP TABLE samples -- %(start)s {database}"
    fleet.batch(hostile, START, {BUSY: 0.5})

    assert reader.series(hostile, [CPU], window(10)).to_pydict()["a0"] == [0.5]
    assert reader.sparklines([Line(hostile, CPU, window(10))]) == {0: [0.5]}


def test_a_reader_may_not_write(clickhouse: Engine, fleet: StoredFleet, reader: Reader) -> None:
    with pytest.raises(StoreRefusedError):
        reader._rows("INSERT INTO {database}.control (topic_id) VALUES ('x')", {})


def test_a_store_that_is_away_is_an_error_that_passes(clickhouse: Engine) -> None:
    with pytest.raises(TransientError):
        Reader(ClickHouseSettings(port=1)).servers()


def test_many_threads_share_few_connections(fleet: StoredFleet, reader: Reader) -> None:
    from concurrent.futures import ThreadPoolExecutor

    fleet.batch("a", START, {BUSY: 0.5})
    with ThreadPoolExecutor(12) as threads:
        answers = list(threads.map(lambda _: reader.readings([CPU])["a"][0], range(36)))

    assert {answer.value for answer in answers if answer is not None} == {0.5}
