"""A fault of ours at one record: it is told, the record changed nothing, and the log goes on."""

from typing import Any

import pytest
from pulsemon_schemas.topics import DEADLETTER, EVENTS, FLEET_EVENTS, SERVER_STATE
from pulsemon_stream_processors.engine import Output, PartitionEngine, pack, partition_engine, unpack
from pulsemon_stream_processors.engine.failure import problem_of
from pulsemon_stream_processors.engine.watch import Watch
from pulsemon_stream_processors.engine.window import Average
from support.engine import SERVER, Log, alerts, apply_all, history, notices, place, server_states
from support.engine_failures import failing

BUSY = "system.cpu.busy"


def _log(**rule: Any) -> Log:
    log = Log()
    log.configure("rule/busy", {"metric": BUSY, "levels": {"warning": {"limit": 0.8}}, **rule})
    log.configure("rule/down", {"kind": "absence", "stale_seconds": 30, "levels": {"critical": {"limit": 60}}})
    log.configure(f"server/{SERVER}", {"name": SERVER})
    log.tick()
    return log


def _state(engine: PartitionEngine, server_id: str = SERVER) -> dict[str, Any]:
    """A copy of a server's state."""
    return unpack(pack(engine.snapshot(server_id) or {}))


def _told(outputs: list[Output], kind: str) -> list[dict[str, str]]:
    return [told for told in notices(outputs) if told["kind"] == kind]


def test_a_batch_that_fails_is_a_dead_letter_and_an_event_and_changes_nothing() -> None:
    log = _log()
    log.run({BUSY: 0.9}, 20)
    engine = log.engine()
    apply_all(engine, log.records)
    before = _state(engine)
    log.wait(10)
    record = log.batch({BUSY: 0.1})
    with failing("absence ends", SERVER):
        outputs = engine.apply(record)
    assert [output.topic for output in outputs] == [DEADLETTER.name, EVENTS.name]
    headers = dict(outputs[0].headers)
    assert (headers["reason"], headers["offset"]) == ("not_applied", str(record.offset))
    assert headers["detail"] == "ZeroDivisionError: by the test, at <object object at 0x> (in fail)"
    (told,) = _told(outputs, "not_applied")
    assert (told["server_id"], told["offset"], told["text"]) == (SERVER, str(record.offset), headers["detail"])
    assert _state(engine) == before | {"cover": record.offset}
    assert (engine.clock_ms, engine.counters.failures) == (log.now_ms, 1)
    log.wait(10)
    assert [event.state for event in alerts(engine.apply(log.batch({BUSY: 0.1})))] == ["resolved"]


def test_a_new_server_whose_first_batch_fails_is_not_there() -> None:
    log = _log()
    engine = log.engine()
    apply_all(engine, log.records)
    record = log.batch({BUSY: 0.9}, "web-2")
    with failing("absence ends", "web-2"):
        engine.apply(record)
    assert engine.snapshot("web-2") is None
    assert alerts(engine.apply(log.batch({BUSY: 0.9}, "web-2"))) != []


@pytest.mark.parametrize("place_of_fault", ["plan", "absence ends", "adaptation"])
def test_a_batch_after_one_that_failed_is_judged_as_if_that_had_never_come(place_of_fault: str) -> None:
    log = _log(window={"function": "avg", "seconds": 60})
    log.run({BUSY: 0.9}, 60)
    engine, calm = log.engine(), log.engine()
    apply_all(engine, log.records)
    apply_all(calm, log.records)
    log.wait(10)
    bad = log.batch({BUSY: 0.1, "other": 1.0}, producer_id="restarted")
    with failing(place_of_fault, SERVER):
        engine.apply(bad)
    calm.apply(log.records[-1]._replace(value=b"garbage"))
    log.run({BUSY: 0.9}, 30)
    rest = log.records[bad.offset + 1 :]
    assert [event.state for event in alerts(apply_all(engine, rest))] == [
        event.state for event in alerts(apply_all(calm, rest))
    ]


def test_a_rule_that_fails_forgets_its_samples_and_leaves_the_alert_as_it_was() -> None:
    log = _log(window={"function": "avg", "seconds": 60})
    log.run({BUSY: 0.9}, 80)
    engine = log.engine()
    apply_all(engine, log.records)
    before = _state(engine)
    log.wait(10)
    with failing("event", SERVER):
        outputs = engine.apply(log.batch({BUSY: -9.0}))
    after = _state(engine)
    assert alerts(outputs) == []
    assert [one["rule_id"] for one in _told(outputs, "rule_error")] == ["busy"]
    assert (engine.counters.rule_errors, list(engine.counters.failing_rules)) == (1, [("busy", 0)])
    watch = after["watches"][0]
    assert (watch["failed_version"], watch["buckets"]) == (0, [])
    alert = before["watches"][0]["alert"]
    assert watch["alert"] == alert | {"start_offset": -1, "evidence": watch["alert"]["evidence"]}
    assert after["ended"] == before["ended"]
    log.run({"other": 1.0}, 320)
    rest = apply_all(engine, log.records[-64:])
    assert [event.state for event in alerts(rest)] == ["unknown"], "the series has no samples that are judged"


def test_a_rule_that_is_edited_after_it_failed_is_tried_again() -> None:
    log = _log()
    edited = log.configure("rule/busy", {"metric": BUSY, "levels": {"warning": {"limit": 0.7}}})
    engine = log.engine()
    for series in (0.9, 0.9):
        log.wait(10)
        log.batch({BUSY: series})
    with failing("event", SERVER):
        assert alerts(apply_all(engine, log.records)) == []
    log.wait(10)
    assert alerts(engine.apply(log.batch({BUSY: 0.9}))) == []
    engine.apply(log.tick(control_offset=edited))
    log.wait(10)
    assert [event.rule_version for event in alerts(engine.apply(log.batch({BUSY: 0.9})))] == [edited]


def test_a_window_that_fails_ends_nothing_but_its_own_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    def judged(self: Average, *_: object) -> float:
        raise OverflowError("by the test")

    log = _log(window={"function": "avg", "seconds": 60})
    log.configure("rule/other", {"metric": "other", "levels": {"info": {"limit": 1}}})
    log.run({BUSY: 0.9, "other": 5}, 30)
    monkeypatch.setattr(Average, "_judged", judged)
    outputs = log.outputs()
    assert [event.rule_id for event in alerts(outputs)] == ["other"]
    assert [one["text"] for one in _told(outputs, "rule_error")] == ["OverflowError: by the test (in judged)"]


def test_a_tick_that_fails_at_one_server_works_at_the_others_and_is_told_once() -> None:
    log = _log()
    for server_id in (SERVER, "web-2"):
        log.batch({BUSY: 0.1}, server_id)
    log.silence(100)
    with failing("absence", SERVER):
        engine = log.engine()
        outputs = apply_all(engine, log.records)
    assert [event.server_id for event in alerts(outputs)] == ["web-2"]
    assert len(_told(outputs, "not_applied")) == 1
    assert engine.counters.failures == 1
    assert [output.topic for output in outputs if output.topic == DEADLETTER.name] == []
    assert [event.server_id for event in alerts(engine.apply(log.tick()))] == [SERVER], "judged when the fault is gone"


def test_a_purge_that_fails_still_purges() -> None:
    log = _log()
    log.run({BUSY: 0.9}, 20)
    log.configure(f"server/{SERVER}", None, operation="purged")
    log.tick()
    with failing("transition", SERVER, lambda: True):
        engine = log.engine()
        outputs = apply_all(engine, log.records)
    assert engine.snapshot(SERVER) is None
    assert outputs[-2].topic == SERVER_STATE.name
    assert outputs[-2].value is None
    assert outputs[-1].topic == FLEET_EVENTS.name


def test_a_tick_that_fails_as_a_whole_still_tells_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    log = _log()
    engine = log.engine()
    apply_all(engine, log.records)
    log.wait(5)
    record = log.tick()

    def fail(*_: object) -> None:
        raise KeyError("by the test")

    monkeypatch.setattr(engine._effects, "concerned", fail)
    outputs = engine.apply(record)
    assert [output.topic for output in outputs] == [DEADLETTER.name, EVENTS.name, FLEET_EVENTS.name]
    assert (engine.clock_ms, engine.cover) == (log.now_ms, record.offset)


def test_a_record_that_cannot_be_checked_moves_no_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OverflowError("by the test")

    log = _log()
    engine = log.engine()
    apply_all(engine, log.records)
    monkeypatch.setattr(partition_engine, "check", fail)
    before_ms = engine.clock_ms
    log.wait(10)
    letter, _ = engine.apply(log.batch({BUSY: 0.9}))
    assert dict(letter.headers)["reason"] == "not_applied"
    assert (engine.clock_ms, engine.cover) == (before_ms, len(log.records) - 1)


def test_a_control_record_that_cannot_be_put_in_force_is_told_and_left_out_by_every_restart() -> None:
    log = _log()
    log.configure("rule/zz", {"metric": "other", "levels": {"info": {"limit": 1}}})
    log.tick()
    log.run({BUSY: 0.9, "other": 5}, 10)
    control = history(log.control)
    rule, _ = control.changes(2, 3)[0].read()
    object.__setattr__(rule, "scope", None)
    engine = PartitionEngine(place(), control)
    outputs = apply_all(engine, log.records)
    assert [one["entity"] for one in _told(outputs, "rule_error")] == ["rule/zz"]
    assert (engine.counters.rule_errors, list(engine.counters.failing_rules)) == (1, [("zz", 3)])
    assert [event.rule_id for event in alerts(outputs)] == ["busy"]
    again = PartitionEngine.restore(place(), control, engine.partition_record(), {SERVER: _state(engine)})
    log.run({BUSY: 0.1}, 10)
    assert [event.rule_id for event in alerts(apply_all(again, log.records[-2:]))] == ["busy"]


def test_a_version_that_cannot_be_put_in_force_ends_the_one_before_as_after_a_restart() -> None:
    log = _log()
    log.run({BUSY: 0.9}, 10)
    log.configure("rule/busy", {"metric": BUSY, "levels": {"warning": {"limit": 0.7}}})
    log.tick()
    log.run({BUSY: 0.9}, 10)
    control = history(log.control)
    rule, _ = control.changes(2, 3)[0].read()
    object.__setattr__(rule, "scope", None)
    last = alerts(apply_all(PartitionEngine(place(), control), log.records))[-1]
    assert (last.state, last.reason) == ("expired", "version 3 of rule busy cannot be read")


def test_an_error_of_the_process_ends_the_engine_since_no_replay_would_meet_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: object) -> None:
        raise MemoryError

    log = _log()
    log.run({BUSY: 0.9}, 10)
    monkeypatch.setattr(Watch, "feed", fail)
    with pytest.raises(MemoryError):
        log.outputs()


def test_what_is_told_of_an_error_is_the_same_in_every_process() -> None:
    class OddError(Exception):
        def __str__(self) -> str:
            raise ValueError

    assert problem_of(OddError()) == "OddError: "
    assert problem_of(KeyError(object())) == "KeyError: <object object at 0x>"
    assert len(problem_of(ValueError("x" * 5000))) < 600


def test_a_status_that_cannot_be_told_is_told_when_it_can_and_the_batch_is_judged() -> None:
    log = _log()
    engine = log.engine()
    apply_all(engine, log.records)
    for _ in range(2):
        log.wait(10)
        log.batch({BUSY: 0.9})
    with failing("state", SERVER):
        outputs = apply_all(engine, log.records[-2:])
    assert [event.state for event in alerts(outputs)] == ["firing"]
    assert len(_told(outputs, "not_applied")) == 1
    assert [state.status for state in server_states(engine.apply(log.tick()))] == ["warning"]
