"""Rollups are what a plain recomputation of the raw samples says, however and in whatever order those came."""

import random
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from pulsemon_sinks.clickhouse.turn import TurnTakenError
from pulsemon_sinks.rollups.job import StoppedError
from pulsemon_sinks.rollups.touched import request
from support.rolled import ANEW, DAY, START, TIERS, TOPIC, Rolled, Sample, assert_same, recomputed

if TYPE_CHECKING:
    from support.clickhouse import Engine

pytestmark = pytest.mark.clickhouse

SERIES = (
    ("web-1", "system.cpu.busy", ""),
    ("web-1", "system.filesystem.utilization", "mount=/"),
    ("web-1", "system.filesystem.utilization", "mount=/data"),
    ("web-2", "system.cpu.busy", ""),
)


def history(start: int = START, hours: int = 3, seed: int = 1) -> list[Sample]:
    """Irregular in time, with an hour's end in it."""
    chance = random.Random(seed)
    ticks = [at for at in range(start, start + hours * 3600, 20) if chance.random() < 0.8]
    return [Sample(*series, at, chance.uniform(0, 1e6)) for at in ticks for series in SERIES]


def blocks(samples: list[Sample], count: int) -> Iterator[list[Sample]]:
    size = -(-len(samples) // count)
    for start in range(0, len(samples), size):
        yield samples[start : start + size]


def check(rolled: Rolled, samples: list[Sample]) -> None:
    for table in TIERS:
        assert_same(rolled.rows(table), recomputed(samples, table))


def test_equal_to_a_plain_recomputation_and_copies_change_nothing(rolled: Rolled) -> None:
    samples = history()
    for one in blocks(samples, 5):
        rolled.block(one)
    rolled.raw(samples[100:300])  # copies that no merge has removed
    rolled.end()

    made = rolled.job().run()

    assert made is not None
    assert (made.hours, made.days) == (3, 1)
    check(rolled, samples)
    sums = {table: (sum(row[9] for row in rolled.rows(table))) for table in TIERS}
    assert set(sums.values()) == {len(samples)}


def test_shuffled_and_late_input_gives_what_ordered_input_gives(clickhouse: "Engine") -> None:
    samples = [*history(), *history(START + DAY, seed=2)]
    ordered, shuffled = (Rolled(clickhouse.fresh_database()) for _ in range(2))
    for one in blocks(samples, 6):
        ordered.block(one)
    ordered.job().run()
    mixed = random.Random(3).sample(samples, len(samples))
    job = shuffled.job()
    for number, one in enumerate(blocks(mixed, 6)):
        shuffled.block(one)
        if number % 2:
            job.run()  # hours are made of what is there, and made anew when more comes
    job.run()
    assert shuffled.all_rows() == ordered.all_rows()
    for made in (ordered, shuffled):
        made.close()
        clickhouse.drop(made.settings)


def test_a_run_that_ends_anywhere_is_made_good_by_the_next(rolled: Rolled) -> None:
    samples = history()
    for one in blocks(samples, 3):
        rolled.block(one)
    rolled.end()
    steps = ends = 0
    is_done = False
    while not is_done:
        left = iter([False] * steps)
        try:
            rolled.job(lambda: next(left, True)).run()  # noqa: B023 - used within this round alone
            is_done = True
        except StoppedError:
            ends += 1
        steps += 1
    assert ends > 5
    check(rolled, samples)


def test_a_block_that_is_agreed_but_not_yet_stored_is_looked_at_again(rolled: Rolled) -> None:
    samples = history(hours=1)
    rolled.block(samples[:50])
    rolled.block(samples[50:], is_stored=False)
    rolled.job().run()
    check(rolled, samples[:50])
    rolled.raw(samples[50:])
    rolled.end()
    rolled.job().run()
    check(rolled, samples)


def test_a_run_without_news_makes_nothing(rolled: Rolled) -> None:
    rolled.block(history(hours=1))
    rolled.end()
    job = rolled.job()
    first, second = job.run(), job.run()
    assert first is not None
    assert second is not None
    assert (first.hours, second.hours, second.days) == (1, 0, 0)
    assert not job.is_due()


def test_a_topic_that_was_made_anew_is_followed_from_its_beginning(rolled: Rolled) -> None:
    samples = history(hours=1)
    for one in blocks(samples[:200], 4):
        rolled.block(one)
    rolled.job().run()
    again = Rolled(rolled.settings, topic_id="id-2")
    again.block(samples[200:])
    again.job().run()
    check(rolled, samples)
    again.close()


def test_only_the_servers_with_more_samples_are_made_anew(rolled: Rolled) -> None:
    samples = history(hours=1)
    rolled.block(samples)
    rolled.job().run()
    late = Sample("web-2", "system.cpu.busy", "", START + 7, 1.0)
    rolled.block([late])
    made = rolled.job().run()
    assert made is not None
    assert made.samples == 2 * (sum(1 for one in samples if one.server_id == "web-2") + 1)
    check(rolled, [*samples, late])


def test_hours_that_came_another_way_are_made_on_request(rolled: Rolled) -> None:
    samples = history(hours=2)
    rolled.raw(samples)
    job = rolled.job()
    job.run()
    assert rolled.rows("samples_1h") == []
    request(rolled.store, rolled.database, "restored", [START // 3600, START // 3600 + 1])
    assert job.is_due()
    job.run()
    assert not job.is_due()
    check(rolled, samples)


def test_one_job_at_a_time(rolled: Rolled) -> None:
    from pulsemon_sinks.clickhouse.turn import Turns

    rolled.block(history(hours=1))
    turns = Turns(rolled.store, f"{rolled.database}.rollup_turns", lease_seconds=60)
    with turns.take(0):
        assert rolled.job().run() is None
        with pytest.raises(TurnTakenError), turns.take(0):
            pass
    assert rolled.job().run() is not None


def test_the_turn_of_one_that_died_is_free_after_its_lease(rolled: Rolled) -> None:
    from pulsemon_sinks.clickhouse.turn import Turns

    turns = Turns(rolled.store, f"{rolled.database}.rollup_turns", lease_seconds=1)
    dead = turns.take(0)
    dead.__enter__()  # and never leaves
    with turns.take(5):
        pass


def test_rows_of_other_topics_touch_nothing(rolled: Rolled) -> None:
    rolled.raw(history(hours=1))
    columns = "topic, topic_id, partition, first_offset, last_offset, kind, records, windows"
    row = ("alerts", "id-9", 0, 0, 0, "stored", 1, [START // 300])
    rolled.store.insert(f"INSERT INTO {rolled.database}.sink_ledger ({columns}) VALUES", [row], ANEW)
    assert TOPIC != "alerts"
    rolled.job().run()
    assert rolled.rows("samples_1h") == []
