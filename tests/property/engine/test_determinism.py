"""The same log makes the same bytes: twice, through restarts at any place, and with records delivered again."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pulsemon_schemas.ticks import TICK_KEY
from pulsemon_schemas.topics import DEADLETTER, EVENTS
from pulsemon_stream_processors.engine import PartitionEngine, pack
from pulsemon_stream_processors.engine.producers import FORGET_MS
from support.engine import Log, Store, alerts, apply_all, final_state, history, place, sha256
from support.engine_failures import PLACES, failing
from support.engine_random import random_log

SEEDS = st.integers(0, 2**32)


def _run(log: Log) -> tuple[str, bytes]:
    engine = log.engine()
    return sha256(apply_all(engine, log.records)), final_state(engine)


@settings(max_examples=25, deadline=None)
@given(SEEDS)
def test_a_log_applied_twice(seed: int) -> None:
    assert _run(random_log(seed)) == _run(random_log(seed))


def _with_restarts(log: Log, chance: random.Random, restarts: int) -> tuple[str, bytes]:
    """As a runner works: transactions of a few records, rounds now and then, and it is killed at any place."""
    store = Store()
    control = history(log.control)
    engine = store.restore(place(), control)
    while restarts or engine.cover < len(log.records) - 1:
        if restarts and (chance.random() < 0.08 or engine.cover == len(log.records) - 1):
            restarts -= 1
            engine.apply(log.records[min(engine.cover + 1, len(log.records) - 1)])  # applied, but never committed
            engine = store.restore(place(), control)
            continue
        first = engine.cover + 1
        outputs = apply_all(engine, log.records[first : first + chance.randrange(1, 12)])
        store.commit(engine, outputs)
        if chance.random() < 0.1:
            store.round(engine)
    return sha256(store.outputs), final_state(engine)


@settings(max_examples=40, deadline=None)
@given(SEEDS, st.integers(1, 20))
def test_a_log_applied_with_restarts_between(seed: int, restarts: int) -> None:
    log = random_log(seed)
    assert _with_restarts(log, random.Random(seed), restarts) == _run(log)


@settings(max_examples=25, deadline=None)
@given(SEEDS)
def test_snapshots_of_all_servers_at_once_are_the_whole_state(seed: int) -> None:
    log = random_log(seed)
    cut = random.Random(seed).randrange(len(log.records))
    engine = log.engine()
    before = apply_all(engine, log.records[:cut])
    servers = {server_id: state for server_id in engine.server_ids if (state := engine.snapshot(server_id))}
    restored = PartitionEngine.restore(place(), history(log.control), engine.partition_record(), servers)
    after = apply_all(restored, log.records[cut:])
    assert (sha256(before + after), final_state(restored)) == _run(log)


@settings(max_examples=25, deadline=None)
@given(SEEDS)
def test_batches_delivered_again_change_nothing(seed: int) -> None:
    log = random_log(seed, purges=False)  # a purge forgets what was seen, as it should
    chance = random.Random(seed)
    doubled = Log(control=log.control)
    bad = {output.offset for output in log.outputs() if output.topic == DEADLETTER.name}
    for index, record in enumerate(log.records):
        doubled.now_ms = record.append_time_ms
        doubled.append(record.key, record.value)
        if index in bad:  # it moved no clock, and a batch in its place would: the log was seen to run
            continue
        for earlier in chance.choices(log.records[: index + 1], k=2):
            age_ms = record.append_time_ms - earlier.append_time_ms
            if earlier.key != TICK_KEY and age_ms < FORGET_MS:
                doubled.append(earlier.key, earlier.value)
    assert [event.event_id for event in doubled.alerts()] == [event.event_id for event in log.alerts()]
    assert doubled.statuses() == log.statuses()


def test_the_random_logs_hold_what_they_should() -> None:
    events = [event for seed in range(60) for event in alerts(random_log(seed, 80).outputs())]
    assert {event.state for event in events} == {
        "pending", "firing", "acknowledged", "flapping", "unknown", "resolved", "expired",
    }  # fmt: skip
    assert {event.late for event in events} == {True, False}
    assert any(event.suppressed_by for event in events)
    assert any(event.metric == "" for event in events)
    joint = [event for event in events if event.rule_id.endswith("joint")]
    assert {event.state for event in joint} >= {"pending", "firing", "resolved", "expired"}
    assert len(joint) > 60
    gone = [event for event in events if event.rule_id.endswith("gone")]
    assert {event.state for event in gone} >= {"firing", "resolved"}
    assert {event.reason for event in events} >= {"the series has no samples any more", "a sample is here again"}
    assert len(events) > 1000


@settings(max_examples=20, deadline=None)
@given(SEEDS, st.sampled_from(sorted(PLACES)), st.integers(1, 15))
def test_a_fault_at_one_server_changes_nothing_for_others_nor_through_restarts(
    seed: int, where: str, restarts: int
) -> None:
    log = random_log(seed)
    calm = [event for event in log.alerts() if event.server_id != "web-1"]
    with failing(where, "web-1"):
        outputs = log.outputs()
        assert [event for event in alerts(outputs) if event.server_id != "web-1"] == calm
        assert _run(log) == _run(log)
        assert _with_restarts(log, random.Random(seed), restarts) == _run(log)


@settings(max_examples=30, deadline=None)
@given(SEEDS, st.sampled_from(sorted(PLACES)))
def test_a_record_that_failed_left_its_server_as_it_was(seed: int, where: str) -> None:
    log = random_log(seed)
    engine = log.engine()
    with failing(where, "web-1"):
        for record in log.records:
            before = _state_of(engine, "web-1")
            outputs = engine.apply(record)
            letters = [one for one in outputs if ("reason", "not_applied") in one.headers]
            if letters and record.key != TICK_KEY:
                assert _state_of(engine, "web-1") == before
                assert {one.topic for one in outputs} == {DEADLETTER.name, EVENTS.name}


def _state_of(engine: PartitionEngine, server_id: str) -> bytes:
    state = engine.snapshot(server_id)
    return b"" if state is None else pack(state | {"cover": 0})


@pytest.mark.parametrize("where", sorted(PLACES))
def test_every_place_of_a_fault_is_reached(where: str) -> None:
    def told(seed: int) -> list[bytes]:
        with failing(where, "web-1"):
            outputs = random_log(seed).outputs()
        values = [output.value or b"" for output in outputs if output.topic == EVENTS.name]
        return [value for value in values if b"ZeroDivisionError" in value]

    assert any(told(seed) for seed in range(60))
