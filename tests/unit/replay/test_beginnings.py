"""A replay that goes on from the state of an earlier moment says what one from the log's beginning says."""

import functools
import json
from typing import Any

from pulsemon_schemas.state_history import StateSnapshot
from pulsemon_stream_processors.checkpoint import EMITTED_KEY, PARTITION_KEY
from pulsemon_stream_processors.engine import ControlHistory, PartitionEngine, Place
from pulsemon_stream_processors.engine.snapshot import heading
from pulsemon_stream_processors.fleet import FleetEngine, FleetPlace
from pulsemon_stream_processors.fleet_seat import ENGINE_KEY, FEED_KEY
from pulsemon_stream_processors.replay import Range, Replay, StreamResult, Verdict
from pulsemon_stream_processors.replay.fleet_run import FleetRun
from pulsemon_stream_processors.replay.partition_run import PartitionRun
from pulsemon_stream_processors.replay.what_if import fill
from support.recorded_history import RecordedHistory, history_of
from support.recorded_log import RULE, Plan, record
from support.recorded_replay import logs_of, replayed

SECRET = b"secret"
PLAN = Plan("metrics-id", "control-id", SECRET, 1_780_000_000_000, servers=12, seconds=1200, commands=10)
TAKEN_MS, SINCE_MS = PLAN.start_ms + 190_000, PLAN.start_ms + 212_000
AHEAD_RECORDS = 30
"""So many records further are the servers' own snapshots than that of their partition."""
FLEET_AHEAD_MS = 20_000


class Kept:
    """See ``StateHistory``: the one snapshot, if it is before."""

    def __init__(self, snapshot: StateSnapshot) -> None:
        self._snapshot = snapshot

    def before(self, topic_id: str, time_ms: int) -> StateSnapshot:
        assert topic_id == PLAN.topic_id
        return self._snapshot if time_ms > TAKEN_MS else StateSnapshot()


@functools.cache
def recorded() -> RecordedHistory:
    recording = record(PLAN)
    logs = logs_of(recording.entries(), PLAN.partition_count)
    return history_of(recording, logs, replayed(recording, logs))


@functools.cache
def snapshot() -> StateSnapshot:
    source = recorded()
    control = fill(ControlHistory(source.partition_count), source.control())
    partitions = {}
    fleet = FleetRun(FleetEngine(FleetPlace("events", source.topic_id, source.partition_count), control))
    for partition, log in enumerate(source.logs):
        place = Place(source.topic_id, partition, source.partition_count, SECRET)
        run = PartitionRun(PartitionEngine(place, control))
        taken = [one for one in log if one.append_time_ms < TAKEN_MS]
        run.apply(taken[:-AHEAD_RECORDS])
        states: dict[str, Any] = {PARTITION_KEY.decode(): run.engine.partition_record()}
        run.apply(taken[-AHEAD_RECORDS:])
        states |= {server_id: run.engine.snapshot(server_id) for server_id in run.engine.server_ids}
        states[EMITTED_KEY.decode()] = heading(place, run.engine.cover)
        partitions[partition] = as_stored(states)
        run.apply(one for one in log if one.append_time_ms < TAKEN_MS + FLEET_AHEAD_MS)
        fleet.apply(run.fleet_events)
    feeds = {(FEED_KEY + b"%d" % one).decode(): fleet.engine.feed_record(one) for one in range(source.partition_count)}
    assert fleet.engine.clock_ms > TAKEN_MS
    return StateSnapshot(partitions, as_stored({ENGINE_KEY.decode(): fleet.engine.record(), **feeds}))


def as_stored(states: Any) -> Any:
    return json.loads(json.dumps(states))


def run(kept: StateSnapshot, bodies: Any = None) -> tuple[list[StreamResult], tuple[str, ...]]:
    replay = Replay(recorded(), SECRET, Range(SINCE_MS), bodies, Kept(kept))
    return list(replay.run()), replay.doubts()


def test_from_a_snapshot_the_same_is_said_from_then_on() -> None:
    results, doubts = run(snapshot())
    assert doubts == ()
    assert {one.comparison.verdict for one in results} == {Verdict.EQUAL}
    assert all(one.span.first_offset > 0 for one in results[:-1])
    whole = list(Replay(recorded(), SECRET, Range(SINCE_MS)).run())
    assert [one.replayed.sha256() for one in results] == [one.replayed.sha256() for one in whole]
    assert sum(len(one.replayed.pairs) for one in results) > 20
    assert results[-1].replayed.pairs


def test_without_the_state_of_the_fleet_that_is_said() -> None:
    results, doubts = run(StateSnapshot(snapshot().partitions))
    assert {one.comparison.verdict for one in results[:-1]} == {Verdict.EQUAL}
    assert any("across environments" in one for one in doubts)


def test_with_other_rules_what_the_replaced_ones_had_seen_is_forgotten() -> None:
    body = {"metric": "system.cpu.busy", "family": RULE, "window": {"function": "avg", "seconds": 60}}
    results, _ = run(snapshot(), {RULE: {**body, "levels": {"warning": {"limit": 0.2}}}})
    versions = {event.rule_version for one in results for event in one.replayed.events() if event.rule_id == RULE}
    assert len(versions) == 1
