"""The same log makes the same bytes: twice, through restarts at any place, and with records delivered again."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st
from pulsemon_schemas.ticks import TICK_KEY
from pulsemon_schemas.topics import DEADLETTER
from pulsemon_stream_processors.engine import PartitionEngine
from pulsemon_stream_processors.engine.producers import FORGET_MS
from support.engine import Log, Store, alerts, apply_all, final_state, history, place, sha256
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


@settings(max_examples=60, deadline=None)
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
        "pending", "firing", "acknowledged", "unknown", "resolved", "expired",
    }  # fmt: skip
    assert {event.late for event in events} == {True, False}
    assert any(event.suppressed_by for event in events)
    assert any(event.metric == "" for event in events)
    assert len(events) > 1000
