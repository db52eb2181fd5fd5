"""Servers that fall silent, on the partition's time alone."""

from pulsemon_schemas.rules import default_records
from pulsemon_stream_processors.engine.identity import alert_id
from support.engine import SERVER, START_MS, Log, alerts, apply_all


def _log() -> Log:
    log = Log()
    log.control = list(default_records())
    log.configure(f"server/{SERVER}", {"name": SERVER})
    log.tick()
    log.run({"m": 1}, 60)
    return log


def test_a_silent_server_is_stale_then_down_then_critical_until_a_batch_comes() -> None:
    log = _log()
    log.silence(310)
    log.run({"m": 1}, 10)
    assert log.story() == ["firing warning", "firing critical", "resolved critical"]
    assert log.statuses() == ["new", "ok", "stale", "down", "down", "ok"]
    events = log.alerts()
    assert [event.occurred_at_ms - START_MS for event in events] == [150_000, 360_000, 380_000]
    assert events[0].alert_id == alert_id(SERVER, "server_down", "", f"{SERVER}-p", 5)
    assert events[0].value is None
    assert events[0].limit == 90


def test_a_dead_server_is_reported_at_the_first_tick_after_its_limit() -> None:
    log = _log()
    log.silence(85)
    assert log.story() == []
    log.silence(5)
    assert log.story() == ["firing warning"]


def test_only_batches_that_speak_for_the_host_count() -> None:
    log = _log()
    log.run({"service.requests": 1}, 120, source="service", producer_id="shop")
    assert log.story() == ["firing warning"]


def test_a_processor_that_lags_raises_nothing() -> None:
    log = _log()
    for _ in range(20):  # an hour of batches whose append times are as they were, however late they are processed
        log.run({"m": 1}, 180)
    assert log.story() == []


def test_a_broker_that_is_away_is_a_hole_with_a_grace() -> None:
    log = _log()
    log.wait(3600)
    log.tick()
    log.silence(85)
    assert log.story() == []
    log.silence(5)
    assert log.story() == ["firing warning"]


def test_neither_a_hole_nor_a_higher_limit_is_a_sign_of_life() -> None:
    log = _log()
    log.silence(90)
    log.wait(3600)
    log.tick()
    log.configure("rule/server_down", {"kind": "absence", "stale_seconds": 600, "levels": {"warning": {"limit": 900}}})
    log.silence(10)
    assert log.story() == ["firing warning"]
    assert log.statuses()[-1] == "down"


def test_an_alert_that_was_closed_does_not_fire_again_before_a_batch() -> None:
    log = _log()
    log.silence(90)
    body = {"alert_id": log.alerts()[0].alert_id, "server_id": SERVER, "command": "resolve", "note": "scrapped"}
    log.configure("alert_command/1", body)
    log.silence(600)
    closed = log.alerts()[-1]
    assert log.story() == ["firing warning", "resolved warning"]
    assert (closed.actor, closed.reason) == ("ada", "scrapped")
    log.run({"m": 1}, 10)
    log.silence(90)
    assert log.story()[2:] == ["firing warning"]


def test_a_server_without_a_batch_is_new_and_not_silent() -> None:
    log = _log()
    log.configure("server/web-2", {"name": "web-2"})
    log.run({"m": 1}, 600)
    assert log.statuses() == ["new", "ok", "new"]


def test_an_unknown_server_is_judged_and_stays_new() -> None:
    log = _log()
    log.batch({"m": 1}, "stranger")
    log.silence(90)
    engine = log.engine()
    events = alerts(apply_all(engine, log.records))
    assert sorted(event.server_id for event in events) == ["stranger", SERVER]
    state = engine.snapshot("stranger")
    assert state is not None
    assert (state["status"], state["previous_status"]) == ("down", "stale")


def test_absences_of_one_tick_are_told_in_the_order_of_the_servers() -> None:
    log = _log()
    for server_id in ("c", "a", "b"):
        log.batch({"m": 1}, server_id)
    log.silence(90)
    assert [event.server_id for event in log.alerts()] == ["a", "b", "c", SERVER]


def test_a_rule_for_a_role_is_more_patient() -> None:
    log = _log()
    log.configure(f"server/{SERVER}", {"name": SERVER, "role": "batch"})
    patient = {"kind": "absence", "stale_seconds": 600, "levels": {"critical": {"limit": 900}}}
    log.configure("rule/patient", {**patient, "scope": {"kind": "role", "value": "batch"}})
    log.run({"m": 1}, 10)
    log.silence(895)
    assert log.story() == []
    log.silence(5)
    assert log.story() == ["firing critical"]


def test_a_deleted_rule_expires_its_alert() -> None:
    log = _log()
    log.silence(90)
    log.configure("rule/server_down", None, author="bob")
    log.silence(10)
    assert log.story() == ["firing warning", "expired warning"]
    assert log.alerts()[-1].actor == "bob"
    assert log.statuses()[-1] == "ok"


def test_a_server_seen_in_the_very_first_record_is_missed_too() -> None:
    log = Log()
    log.control = list(default_records())
    log.batch({"m": 1})
    log.tick()
    log.silence(90)
    assert log.story() == ["firing warning"]


def test_an_absence_rule_that_loses_the_level_of_an_alert_expires_it() -> None:
    log = _log()
    log.silence(90)
    log.configure("rule/server_down", {"kind": "absence", "levels": {"critical": {"limit": 300}}})
    log.silence(5)
    assert log.story() == ["firing warning", "expired warning"]
    log.silence(300)
    assert log.story()[2:] == ["firing critical"]


def test_after_missing_records_an_absence_is_unknown_until_the_grace_is_over() -> None:
    log = _log()
    log.silence(90)
    engine = log.engine()
    apply_all(engine, log.records)
    first = len(log.records)
    log.silence(10)
    assert [event.state for event in alerts(engine.skip_to(first + 1))] == ["unknown"]
    assert alerts(engine.skip_to(first + 2)) == []
    log.silence(90)
    events = alerts(engine.skip_to(first + 2) + apply_all(engine, log.records[first + 2 :]))
    assert [(event.state, event.level) for event in events] == [("firing", "warning")]
