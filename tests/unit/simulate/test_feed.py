from itertools import count

import pytest
from pulsemon_deploy.simulate.feed import Feed
from pulsemon_deploy.simulate.fleet import Server, fleet
from pulsemon_deploy.simulate.incidents import Incident, Kind, incidents_of
from pulsemon_deploy.simulate.live import Timetable
from pulsemon_deploy.simulate.settings import SimulatorSettings
from pulsemon_schemas.records import MetricBatch

NOW = 1_795_557_600
SEED = 1


def feed(server: Server, interval_seconds: int = 10) -> Feed:
    numbers = count()
    return Feed(SEED, server, interval_seconds, lambda: f"producer-{next(numbers)}")


def silence() -> tuple[Server, Incident]:
    return next(
        (server, one)
        for server in fleet(50, SEED)
        for one in incidents_of(SEED, server, NOW - 86_400, NOW)
        if one.kind is Kind.SILENT
    )


def sent(one: Feed, tick: int) -> MetricBatch:
    batch = one.batch(tick, tick * 1000 + 5)
    assert batch is not None
    return batch


def test_sequences_have_no_holes_over_many_ticks() -> None:
    one = feed(fleet(1, SEED)[0])
    batches = [sent(one, NOW + tick * 10) for tick in range(500)]
    assert [batch.sequence for batch in batches] == list(range(500))
    assert {batch.producer_id for batch in batches} == {"producer-0"}
    assert [batch.recorded_at_ms for batch in batches] == [(NOW + tick * 10) * 1000 for tick in range(500)]
    assert batches[0].previous_producer_id == ""
    assert batches[0].previous_sequence == -1


def test_after_a_silence_a_new_producer_says_who_it_was() -> None:
    server, incident = silence()
    one = feed(server)
    before = [sent(one, incident.started_at - 30 + tick * 10) for tick in range(3)]
    assert one.batch(incident.started_at, 0) is None
    after = sent(one, incident.ended_at)
    assert after.producer_id != before[-1].producer_id
    assert (after.sequence, after.previous_producer_id, after.previous_sequence) == (0, before[-1].producer_id, 2)


def test_each_series_comes_at_its_own_interval_and_all_come_first() -> None:
    one = feed(fleet(1, SEED)[0])
    batches = [sent(one, NOW + 3 + tick * 10) for tick in range(13)]
    counts = [batch.names.count("system.filesystem.utilization") for batch in batches]
    assert counts == [1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1]
    assert all("system.cpu.busy" in batch.names for batch in batches)
    assert "system.cpu.logical.count" in batches[0].names
    assert "system.cpu.logical.count" not in batches[6].names


def test_every_batch_is_sorted_and_without_doubles() -> None:
    one = feed(fleet(3, SEED)[2])
    for tick in range(8):
        batch = sent(one, NOW + tick * 10)
        pairs = list(zip(batch.names, batch.labels, strict=True))
        assert pairs == sorted(set(pairs))


def test_what_was_dropped_is_told_by_the_next_batch_and_leaves_no_hole() -> None:
    one = feed(fleet(1, SEED)[0])
    first = sent(one, NOW + 10)
    one.drop(NOW + 20)
    second, third = sent(one, NOW + 30), sent(one, NOW + 40)
    assert second.sequence == first.sequence + 1
    assert second.dropped == {"queue_full": len(third.names)}
    assert third.dropped == {}


@pytest.mark.parametrize("now", [NOW, NOW + 0.4, NOW + 7.9])
def test_ticks_are_an_interval_apart_and_spread_over_it(now: float) -> None:
    settings = SimulatorSettings(servers=50)
    timetable = Timetable(settings, now)
    for server in fleet(50, SEED):
        timetable.add(feed(server))
    first = list(timetable.due(now + 10))
    assert sorted({one.server.server_id for one, _ in first}) == sorted(one.server_id for one in fleet(50, SEED))
    assert all(now < tick <= now + 10 for _, tick in first)
    assert {tick % 10 for _, tick in first} == set(range(1, 10)), "full minutes are the history's"
    assert [tick for _, tick in timetable.due(now + 20)] == [tick + 10 for _, tick in first]


def test_ticks_that_passed_in_a_pause_are_not_made_up_for() -> None:
    timetable = Timetable(SimulatorSettings(servers=1), NOW)
    timetable.add(feed(fleet(1, SEED)[0]))
    ticks = [tick for _, tick in timetable.due(NOW + 1000)]
    assert len(ticks) == 1
    assert NOW + 990 < ticks[0] <= NOW + 1000
    assert timetable.next_at == ticks[0] + 10
