"""One against others, from raw samples and from hours alike."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from pulsemon_sinks.reader.choice import Choice, Window
from pulsemon_sinks.reader.reader import Reader
from pulsemon_sinks.reader.tiers import Reach
from support.clickhouse import Engine
from support.rolled import DAY, Rolled, Sample

pytestmark = pytest.mark.clickhouse

CPU = Choice("system.cpu.busy")
START = int(time.time()) // DAY * DAY - 10 * DAY
WEEK = Window(START * 1000, (START + DAY) * 1000, 3600)
NEXT = Window((START + 7 * DAY) * 1000, (START + 8 * DAY) * 1000, 3600)
VALUES = {"a": 0.1, "b": 0.2, "c": 0.3, "d": 0.4, "e": 0.9}


@pytest.fixture(scope="module")
def rolled(clickhouse: Engine) -> Iterator[Rolled]:
    """Five servers, every 20 minutes of a day; on the same day of the next week all have twice as much."""
    made = Rolled(clickhouse.fresh_database())
    made.block(
        Sample(server, CPU.metric, "", START + day * DAY + at, value * times)
        for day, times in ((0, 1), (7, 2))
        for server, value in VALUES.items()
        for at in range(0, DAY, 1200)
    )
    made.end()
    made.job().run()
    yield made
    made.close()
    clickhouse.drop(made.settings)


@pytest.fixture(params=["hours", "raw"])
def reader(request: pytest.FixtureRequest, clickhouse: Engine, rolled: Rolled) -> Iterator[Reader]:
    made = Reader(clickhouse.reader_of(rolled.settings))
    if request.param == "raw":
        made._reach, made._reach_at = Reach(), time.time()
    yield made
    made.close()


def test_the_top_and_the_bottom_of_a_fleet(reader: Reader) -> None:
    assert [one.server_id for one in reader.top(CPU, WEEK, 2)] == ["e", "d"]
    (lowest,) = reader.top(CPU, WEEK, 1, ["b", "c"], lowest_first=True)
    assert lowest.server_id == "b"
    assert lowest.average == pytest.approx(0.2)
    assert lowest.highest == pytest.approx(0.2)


def test_a_server_stands_against_the_band_of_the_others(reader: Reader) -> None:
    row = reader.against_peers("e", CPU, WEEK).to_pylist()[5]
    assert (row["own"], row["p50"], row["peers"]) == (pytest.approx(0.9), pytest.approx(0.25), 4.0)
    assert row["p10"] < row["p50"] < row["p90"] < row["own"]
    few = reader.against_peers("e", CPU, WEEK, ["a"]).to_pylist()[5]
    assert (few["p50"], few["peers"]) == (pytest.approx(0.1), 1.0)


def test_now_stands_against_a_week_ago(reader: Reader) -> None:
    now, before = (one.to_pydict() for one in reader.now_and_before("a", CPU, NEXT))
    assert len(now["a0"]) == len(before["a0"]) == 24
    assert (now["a0"][3], before["a0"][3]) == (pytest.approx(0.2), pytest.approx(0.1))
    assert now["x"][0] - before["x"][0] == 7 * DAY * 1000


def test_the_hours_of_the_week_have_their_averages(reader: Reader) -> None:
    first = datetime.fromtimestamp(START, UTC).weekday() * 24
    both = Window(WEEK.start_ms, NEXT.end_ms, 3600)
    hours = reader.hours_of_week(CPU, both, ["a", "b"])
    assert len(hours) == 168
    assert [one for one in hours if one is not None] == pytest.approx([0.225] * 24)
    assert [hours[(first + n) % 168] is not None for n in range(25)] == [True] * 24 + [False]
