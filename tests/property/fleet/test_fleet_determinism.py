"""The same events make the same bytes: twice, through restarts at any place, and however partitions are mixed."""

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st
from pulsemon_schemas.records import LogRecord
from pulsemon_stream_processors.fleet.group import Group
from pulsemon_stream_processors.fleet.judgement import Judgement
from support.engine import alerts, notices, sha256
from support.fleet_log import FleetLog, apply_all, final_state, restarted
from support.fleet_random import random_fleet

SEEDS = st.integers(0, 2**32)


def _run(log: FleetLog, records: Sequence[LogRecord] | None = None) -> tuple[str, str]:
    engine = log.engine()
    return sha256(apply_all(engine, records or log.records())), final_state(engine)


def test_random_logs_have_alerts_of_every_kind() -> None:
    states = {event.state for seed in range(20) for event in random_fleet(seed).alerts()}
    assert states == {"pending", "firing", "acknowledged", "resolved", "expired"}


@settings(max_examples=15, deadline=None)
@given(SEEDS)
def test_a_log_applied_twice(seed: int) -> None:
    assert _run(random_fleet(seed)) == _run(random_fleet(seed))


@settings(max_examples=40, deadline=None)
@given(SEEDS, SEEDS)
def test_how_partitions_are_mixed_changes_nothing(seed: int, order: int) -> None:
    log = random_fleet(seed)
    assert _run(log, log.records(random.Random(order))) == _run(log)


@settings(max_examples=40, deadline=None)
@given(SEEDS, SEEDS, st.integers(1, 30))
def test_restarts_at_any_place_change_nothing(seed: int, order: int, restarts: int) -> None:
    log = random_fleet(seed)
    assert _with_restarts(log, order, restarts) == _run(log)


def _with_restarts(log: FleetLog, order: int, restarts: int) -> tuple[str, str]:
    """Outputs and state are committed together, some records at a time; what was applied since is lost each time."""
    chance = random.Random(order)
    records = log.records(chance)
    engine, outputs = log.engine(), []
    while engine.cover < records[-1].offset:
        if restarts and chance.random() < 0.2:
            restarts -= 1
            lost = restarted(engine, log.control)
            apply_all(lost, _behind(records, lost.resume_offset)[:20])
            engine = restarted(engine, log.control)
        outputs += apply_all(engine, _behind(records, engine.cover + 1)[: chance.randrange(1, 15)])
    return sha256(outputs), final_state(engine)


@settings(max_examples=15, deadline=None)
@given(SEEDS)
def test_records_taken_again_change_nothing(seed: int) -> None:
    log = random_fleet(seed)
    chance = random.Random(seed)
    engine, outputs, taken = log.engine(), [], []
    for record in log.records():
        taken.append(record)
        outputs += apply_all(engine, [record, *chance.choices(taken, k=2)])
    assert (sha256(outputs), final_state(engine)) == _run(log)


@settings(max_examples=40, deadline=None)
@given(SEEDS)
def test_an_alert_goes_only_where_alerts_go(seed: int) -> None:
    """Numbers have no holes, an end is the end, and one environment has one alert at a time."""
    newest: dict[str, tuple[str, int, str]] = {}
    for event in alerts(random_fleet(seed).outputs()):
        alert_id, number, state = newest.get(event.server_id, ("", -1, ""))
        if event.alert_id != alert_id:
            assert state in {"", "resolved", "expired"}
            number, state = -1, ""
        assert state not in {"resolved", "expired"}
        assert (event.transition, event.previous_state) == (number + 1, state)
        newest[event.server_id] = (event.alert_id, event.transition, event.state)


def _behind(records: Sequence[LogRecord], offset: int) -> list[LogRecord]:
    return [record for record in records if record.offset >= offset]


@contextmanager
def _failing(name: str, environment: str) -> Iterator[None]:
    """While this holds a function of the judgement fails for an environment after it has done its work."""
    original = getattr(Judgement, name)

    def fail(self: Judgement, group: Group, *arguments: Any, **more: Any) -> None:
        original(self, group, *arguments, **more)
        if group.environment == environment:
            raise ZeroDivisionError("by the test")

    with patch.object(Judgement, name, fail):
        yield


@settings(max_examples=25, deadline=None)
@given(SEEDS, st.sampled_from(["judge", "obey", "_move", "_end"]))
def test_a_fault_at_one_environment_changes_nothing_for_others_nor_through_restarts(seed: int, name: str) -> None:
    log = random_fleet(seed)
    others = [event for event in log.alerts() if event.server_id != "_env:production"]
    with _failing(name, "production"):
        outputs = log.outputs()
        assert [event for event in alerts(outputs) if event.server_id != "_env:production"] == others
        assert _with_restarts(log, seed, 10) == _run(log)


def test_a_fault_is_told_once_and_undone() -> None:
    told = []
    for seed in range(10):
        with _failing("_move", "production"):
            outputs = random_fleet(seed).outputs()
        assert not any(event.server_id == "_env:production" for event in alerts(outputs))
        told += notices(outputs)
    assert len(told) > 5
    assert {event["text"] for event in told} == {"ZeroDivisionError: by the test (in fail)"}
