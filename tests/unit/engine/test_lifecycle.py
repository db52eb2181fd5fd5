"""From samples to transitions: levels, for, recovery, late data, series that are gone, and what an event says."""

from typing import Any

import pytest
from pulsemon_schemas.topics import ALERT_STATE, DEADLETTER, EVENTS, FLEET_EVENTS
from pulsemon_stream_processors.engine.identity import alert_id
from support.engine import SERVER, START_MS, Log, alerts, apply_all

BUSY = "system.cpu.busy"
LEVELS = {"warning": {"limit": 0.8, "recovery": 0.7}, "critical": {"limit": 0.9, "recovery": 0.85}}


def _log(levels: dict[str, Any] = LEVELS, **body: Any) -> Log:
    log = Log()
    log.configure("rule/busy", {"metric": BUSY, "levels": levels, **body})
    log.configure(f"server/{SERVER}", {"name": SERVER, "environment": "production"})
    log.tick()
    return log


def _feed(log: Log, *values: float, **changes: Any) -> None:
    for value in values:
        log.run({BUSY: value}, 10, **changes)


def test_levels_are_raised_and_lowered_within_one_alert() -> None:
    log = _log()
    _feed(log, 0.1, 0.81, 0.95, 0.86, 0.85, 0.71, 0.7, 0.1)
    assert log.story() == ["firing warning", "firing critical", "firing warning", "resolved warning"]
    events = log.alerts()
    assert len({event.alert_id for event in events}) == 1
    assert [event.transition for event in events] == [0, 1, 2, 3]
    assert [event.previous_level for event in events] == ["", "warning", "critical", "warning"]


def test_an_event_says_what_led_to_it() -> None:
    log = _log()
    _feed(log, 0.1, 0.95)
    (event,) = log.alerts()
    assert event.alert_id == alert_id(SERVER, "busy", "", f"{SERVER}-p", 1)
    assert (event.value, event.limit, event.window_function, event.sample_count) == (0.95, 0.9, "last", 1)
    assert event.calm_value == pytest.approx(0.9)
    assert event.calm_value is not None
    assert event.calm_value < 0.9
    assert (event.rule_id, event.rule_version, event.rule_author) == ("busy", 0, "ada")
    assert (event.first_offset, event.last_offset, event.control_offset) == (4, 4, 1)
    assert event.started_at_ms == event.occurred_at_ms == START_MS + 20_000


def test_for_begins_with_pending_and_names_the_first_record() -> None:
    log = _log({"warning": {"limit": 0.8, "for_seconds": 20}})
    _feed(log, 0.9, 0.9, 0.9, 0.1)
    assert log.story() == ["pending warning", "firing warning", "resolved warning"]
    pending, firing, resolved = log.alerts()
    assert firing.started_at_ms == pending.occurred_at_ms
    assert firing.first_offset == pending.first_offset == 2
    assert resolved.first_offset == resolved.last_offset == 8


def test_what_did_not_last_expires_and_leaves_no_state() -> None:
    log = _log({"warning": {"limit": 0.8, "for_seconds": 20}})
    _feed(log, 0.9, 0.9, 0.1)
    assert log.story() == ["pending warning", "expired warning"]
    states = [output.value for output in log.outputs() if output.topic == ALERT_STATE.name]
    assert states[-1] is None


def test_a_milder_level_that_waits_goes_on_when_a_worse_one_recovers() -> None:
    log = _log({"info": {"limit": 0.5, "for_seconds": 30}, "warning": {"limit": 0.8}})
    _feed(log, 0.9, 0.9, 0.6, 0.6, 0.1)
    assert log.story() == ["firing warning", "resolved warning", "pending info", "firing info", "resolved info"]
    assert len({event.alert_id for event in log.alerts()}) == 2


def test_a_window_needs_its_samples_before_it_can_fire_or_resolve() -> None:
    log = _log({"warning": {"limit": 0.8}}, window={"function": "avg", "seconds": 60})
    _feed(log, *[0.9] * 8)
    (event,) = log.alerts()
    assert event.sample_count == 5
    assert event.occurred_at_ms == START_MS + 50_000
    log.wait(600)
    _feed(log, *[0.1] * 3)
    assert len(log.alerts()) == 1
    _feed(log, *[0.1] * 2)
    assert log.story()[-1] == "resolved warning"


def test_a_low_limit_fires_below() -> None:
    log = _log({"warning": {"limit": 0.1, "recovery": 0.2}}, operator="<=")
    _feed(log, 0.5, 0.1, 0.15, 0.2)
    assert log.story() == ["firing warning", "resolved warning"]


def test_values_that_are_no_numbers_are_not_judged() -> None:
    log = _log()
    _feed(log, 0.95, float("nan"), float("inf"), float("-inf"))
    assert log.story() == ["firing critical"]


def test_a_batch_delivered_again_changes_nothing() -> None:
    log = _log()
    _feed(log, 0.1)
    log.wait(10)
    first = log.batch({BUSY: 0.95})
    log.append(first.key, first.value)
    log.append(log.records[2].key, log.records[2].value)
    assert log.story() == ["firing critical"]


def test_late_batches_amend_history_and_the_first_in_time_tells_what_still_holds() -> None:
    log = _log()
    _feed(log, 0.1)
    start_ms = log.now_ms
    log.wait(600)
    for step, value in enumerate((0.95, 0.1, 0.95, 0.95)):
        log.batch({BUSY: value}, recorded_at_ms=start_ms + 60_000 * (step + 1), sent_at_ms=log.now_ms)
    _feed(log, 0.95, 0.95)
    events = log.alerts()
    assert [(event.state, event.late) for event in events] == [
        ("firing", True), ("resolved", True), ("firing", True), ("firing", False),
    ]  # fmt: skip
    assert events[0].occurred_at_ms == start_ms + 60_000
    assert events[3].alert_id == events[2].alert_id


def test_a_sample_that_is_not_newer_is_not_judged() -> None:
    log = _log()
    _feed(log, 0.1, 0.1)
    log.batch({BUSY: 0.95}, recorded_at_ms=log.now_ms - 5000)
    log.batch({BUSY: 0.95}, recorded_at_ms=log.now_ms)
    assert log.story() == []


def _late(log: Log, value: float, seconds: float) -> None:
    """A batch in time with a sample that is older than its series."""
    log.batch({BUSY: value}, recorded_at_ms=log.now_ms - round(1000 * seconds), sent_at_ms=log.now_ms)


def test_a_late_sample_amends_the_window_with_events_that_are_late_and_the_next_in_time_tells_what_holds() -> None:
    log = _log({"warning": {"limit": 0.8}}, window={"function": "max", "seconds": 60})
    _feed(log, *[0.1] * 6)
    newest_ms = log.now_ms
    _late(log, 0.95, 15)
    _feed(log, 0.1)
    first, second = log.alerts()
    assert (first.state, first.late, first.occurred_at_ms, first.value) == ("firing", True, newest_ms, 0.95)
    assert (second.state, second.late, second.alert_id) == ("firing", False, first.alert_id)
    assert first.last_offset == len(log.records) - 3
    assert log.statuses() == ["new", "ok", "warning"]


def test_what_only_a_late_sample_says_pages_nobody_and_is_no_status() -> None:
    log = _log({"warning": {"limit": 0.8}}, window={"function": "avg", "seconds": 60})
    _feed(log, *[0.79] * 6)
    _late(log, 5.0, 5)
    _late(log, -5.0, 6)
    _feed(log, 0.1)
    assert [(event.state, event.late) for event in log.alerts()] == [("firing", True), ("resolved", True)]
    assert "warning" not in log.statuses()


def test_a_late_sample_outside_of_the_window_or_of_a_growth_changes_nothing() -> None:
    for window in ({"function": "max", "seconds": 60}, {"function": "delta", "seconds": 600}):
        log = _log({"warning": {"limit": 0.8}}, window=window)
        _feed(log, *[0.1] * 12)
        _late(log, 9.0, 100)
        _feed(log, 0.1)
        assert log.story() == []


def test_a_series_that_is_gone_is_unknown_and_expires_after_a_day() -> None:
    log = _log()
    _feed(log, 0.95, 0.95)
    log.run({"other": 1.0}, 320)
    assert log.story() == ["firing critical", "unknown critical"]
    log.run({"other": 1.0}, 24 * 3600, step_seconds=15)
    assert log.story() == ["firing critical", "unknown critical", "expired critical"]


def test_a_series_that_comes_once_an_hour_is_not_gone_between() -> None:
    log = _log()
    for _ in range(3):
        _feed(log, 0.95)
        log.run({"other": 1.0}, 3600, step_seconds=15)
    assert log.story() == ["firing critical"]


def test_samples_that_return_end_the_unknown() -> None:
    log = _log()
    _feed(log, 0.95, 0.95)
    log.run({"other": 1.0}, 320)
    _feed(log, 0.95, 0.1)
    assert log.story() == ["firing critical", "unknown critical", "firing critical", "resolved critical"]


def test_the_state_of_an_ended_alert_goes_after_seven_days() -> None:
    log = _log()
    _feed(log, 0.95, 0.1)
    log.wait(7 * 24 * 3600 - 5)
    log.tick()
    assert [output for output in log.outputs() if output.topic == ALERT_STATE.name and output.value is None] == []
    log.wait(5)
    log.tick()
    gone = [output for output in log.outputs() if output.topic == ALERT_STATE.name and output.value is None]
    assert [(output.key or b"").decode() for output in gone] == [log.alerts()[0].alert_id]
    assert gone[0].offset == len(log.records) - 1


def test_a_rule_that_fails_is_told_once_and_the_others_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    from pulsemon_stream_processors.engine.watch import Watch

    def feed(self: Watch, *_: object) -> None:
        raise ZeroDivisionError("by the test")

    log = _log()
    log.configure("rule/other", {"metric": "other", "levels": {"info": {"limit": 1}}})
    engine = log.engine()
    log.run({BUSY: 0.95, "other": 5}, 20)
    judged = Watch.feed
    monkeypatch.setattr(
        Watch, "feed", lambda self, *arguments: (feed if self.rule.id == "busy" else judged)(self, *arguments)
    )
    outputs = apply_all(engine, log.records)
    assert [event.rule_id for event in alerts(outputs)] == ["other"]
    (told,) = [output for output in outputs if output.topic == EVENTS.name]
    assert b"ZeroDivisionError: by the test" in (told.value or b"")


def test_a_bad_record_goes_to_the_dead_letter_and_moves_no_clock() -> None:
    log = _log()
    engine = log.engine()
    apply_all(engine, log.records)
    before_ms = engine.clock_ms
    log.wait(10)
    record = log.append(b"web-1", b"garbage")
    (letter,) = engine.apply(record)
    assert (letter.topic, letter.key, letter.value, letter.server_id) == (DEADLETTER.name, b"web-1", b"garbage", "")
    assert dict(letter.headers)["offset"] == str(record.offset)
    assert dict(letter.headers)["reason"] == "framing"
    assert engine.clock_ms == before_ms
    assert engine.cover == record.offset
    assert engine.counters.dead_letters == 1


def test_statuses_go_to_the_fleet_with_their_environment() -> None:
    log = _log()
    _feed(log, 0.1, 0.81, 0.95, 0.1)
    assert log.statuses() == ["new", "ok", "warning", "critical", "ok"]
    told = [output for output in log.outputs() if output.topic == FLEET_EVENTS.name and b'"status"' in output.value]  # type: ignore[operator]
    assert len(told) == 5
    assert all(b'"environment":"production"' in (output.value or b"") for output in told)
