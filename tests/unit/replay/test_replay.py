"""A replay says what was said live, and where it does not; with other rules it says what they would have done."""

import functools
from dataclasses import replace
from typing import Any

import pytest
from pulsemon_schemas import codec
from pulsemon_schemas.records import AlertEvent
from pulsemon_schemas.rules.environments import environment_of
from pulsemon_stream_processors.replay import Range, Replay, StreamResult, Verdict, difference, episodes
from pulsemon_stream_processors.replay.stream import LiveStreams, compare
from support.recorded_history import RecordedHistory, history_of
from support.recorded_log import RULE, Plan, record
from support.recorded_replay import logs_of, replayed

Body = dict[str, Any]
SECRET = b"secret"
PLAN = Plan("metrics-id", "control-id", SECRET, 1_780_000_000_000, servers=12, seconds=1200, commands=10)
START_MS = PLAN.start_ms


@functools.cache
def recorded() -> RecordedHistory:
    recording = record(PLAN)
    logs = logs_of(recording.entries(), PLAN.partition_count)
    return history_of(recording, logs, replayed(recording, logs))


@functools.cache
def once() -> list[StreamResult]:
    return run(recorded())


def against(source: RecordedHistory) -> set[Verdict]:
    """What was replayed, compared with another live stream."""
    live = LiveStreams(source.topic_id)
    found = set()
    for one in once()[:-1]:
        assert one.partition is not None
        said = live.take(source.alerts(one.partition), 0, one.span.end_offset)
        found.add(compare(one.replayed, said).verdict)
    return {*found, compare(once()[-1].replayed, live.fleet).verdict}


def copy() -> RecordedHistory:
    return replace(recorded(), said=[list(one) for one in recorded().said])


def run(source: RecordedHistory, bounds: Range | None = None, **bodies: Body) -> list[StreamResult]:
    return list(Replay(source, SECRET, bounds, bodies or None).run())


def verdicts(results: list[StreamResult]) -> set[Verdict]:
    return {one.comparison.verdict for one in results}


def test_the_same_log_gives_the_same_stream_and_the_same_sum() -> None:
    results = once()
    assert [one.partition for one in results] == [0, 1, 2, 3, None]
    assert verdicts(results) == {Verdict.EQUAL}
    assert sum(len(one.replayed.pairs) for one in results) > 50
    assert [one.replayed.sha256() for one in results] == [one.live.sha256() for one in results]
    assert len({one.replayed.sha256() for one in results if one.replayed.pairs}) > 1


def test_what_the_fleet_says_is_compared_by_itself() -> None:
    fleet = once()[-1]
    assert fleet.replayed.pairs, "an environment is silent in the recording"
    assert all(environment_of(pair.key.decode()) is not None for pair in fleet.replayed.pairs)


@pytest.mark.parametrize("of_fleet", [False, True])
def test_an_event_that_is_missing_changed_or_moved_is_found(of_fleet: bool) -> None:
    for damage in ("missing", "changed", "moved"):
        source = copy()
        partition, at = next(
            (number, place)
            for number, pairs in enumerate(source.said)
            for place, (key, _) in enumerate(pairs)
            if (environment_of(key.decode()) is not None) == of_fleet
        )
        pairs = source.said[partition]
        key, value = pairs.pop(at)
        if damage == "changed":
            pairs.insert(at, (key, value[:-1] + b"\x7f"))
        elif damage == "moved":
            pairs.append((key, value))
        assert Verdict.DIFFERENT in against(source), damage


def test_a_live_stream_that_is_behind_is_told_from_one_that_is_wrong() -> None:
    source = copy()
    partition = max(range(4), key=lambda one: len(source.said[one]))
    while environment_of(source.said[partition][-1][0].decode()) is not None:
        source.said[partition].pop()
    source.said[partition].pop()
    assert against(source) == {Verdict.EQUAL, Verdict.BEHIND}


def test_only_the_events_of_the_asked_time_are_compared() -> None:
    bounds = Range(START_MS + 400_000, START_MS + 800_000)
    results = run(recorded(), bounds)
    whole = sum(len(one.replayed.pairs) for one in once()[:-1])
    assert verdicts(results) == {Verdict.EQUAL}
    assert 0 < sum(len(one.replayed.pairs) for one in results[:-1]) < whole


def test_events_about_another_life_of_the_topic_are_none_of_ours() -> None:
    source = copy()
    key, value = source.said[0][0]
    event = codec.decode(value)
    assert isinstance(event, AlertEvent)
    source.said[0].insert(0, (key, codec.encode(replace(event, topic_id="before"))))
    assert against(source) == {Verdict.EQUAL}


def test_a_log_whose_beginning_is_gone_is_told() -> None:
    source = replace(recorded(), logs=[log[50:] for log in recorded().logs])
    replay = Replay(source, SECRET)
    list(replay.run())
    assert any("begins at offset 50" in doubt for doubt in replay.doubts())


def body(limit: float) -> Body:
    return {"metric": "system.cpu.busy", "family": RULE, "levels": {"warning": {"limit": limit, "for_seconds": 30}}}


def fired(results: list[StreamResult], of_live: bool = False) -> int:
    streams = [one.live if of_live else one.replayed for one in results]
    return sum(
        one.subject.rule_id.startswith(RULE) for one in episodes(event for it in streams for event in it.events())
    )


def test_another_rule_is_in_force_all_the_time() -> None:
    never, low = run(recorded(), busy=body(2.0)), run(recorded(), busy=body(0.3))
    assert fired(never) < fired(never, of_live=True) < fired(low)
    changed = difference(
        episodes(event for one in low for event in one.live.events()),
        episodes(event for one in low for event in one.replayed.events()),
    )
    assert changed.new
    assert not changed.is_none
    versions = {event.rule_version for one in low for event in one.replayed.events() if event.rule_id == RULE}
    assert len(versions) == 1, "all the edits of the recording are replaced"


def test_the_rules_as_recorded_change_nothing() -> None:
    results = once()
    before = episodes(event for one in results for event in one.live.events())
    after = episodes(event for one in results for event in one.replayed.events())
    assert difference(before, after).is_none
    assert len(before) > 20
