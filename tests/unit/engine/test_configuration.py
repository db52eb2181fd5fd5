"""The control log takes effect at Ticks: rules, servers, commands and silences."""

import pytest
from pulsemon_schemas.topics import ALERT_STATE, DEADLETTER, SERVER_STATE
from pulsemon_stream_processors.engine import ControlBehindError, OffsetGapError, PartitionEngine
from pulsemon_stream_processors.engine.lifecycle import MAX_ENDED
from support.engine import SERVER, Log, alerts, apply_all, history, notices, place, server_states

BUSY = "system.cpu.busy"
RULE = {"metric": BUSY, "levels": {"warning": {"limit": 0.8}}}


def _log() -> Log:
    log = Log()
    log.configure("rule/busy", RULE)
    log.configure(f"server/{SERVER}", {"name": SERVER, "role": "web"})
    log.tick()
    return log


def test_a_rule_is_in_force_from_the_tick_that_names_it() -> None:
    log = Log()
    log.tick()
    log.configure("rule/busy", RULE)
    log.wait(10)
    log.batch({BUSY: 0.9})
    log.tick(control_offset=-1)
    log.wait(10)
    log.batch({BUSY: 0.9})
    assert log.story() == []
    log.run({BUSY: 0.9}, 10)
    assert [event.control_offset for event in log.alerts()] == [0]


def test_a_limit_that_is_edited_is_judged_at_the_next_sample_of_the_same_alert() -> None:
    log = _log()
    log.run({BUSY: 0.9}, 20)
    log.configure("rule/busy", {"metric": BUSY, "levels": {"warning": {"limit": 0.95}}})
    log.run({BUSY: 0.9}, 20)
    first, last = log.alerts()
    assert (first.state, last.state) == ("firing", "resolved")
    assert first.alert_id == last.alert_id
    assert (first.rule_version, last.rule_version) == (0, 2)


def test_a_window_that_is_edited_begins_anew_under_the_same_alert() -> None:
    log = Log()
    log.configure("rule/busy", {**RULE, "window": {"function": "avg", "seconds": 60}})
    log.run({BUSY: 0.9}, 80)
    log.configure("rule/busy", {**RULE, "window": {"function": "avg", "seconds": 120}})
    log.run({BUSY: 0.1}, 80)
    assert log.story() == ["firing warning"]
    log.run({BUSY: 0.1}, 40)
    assert log.story() == ["firing warning", "resolved warning"]


@pytest.mark.parametrize(
    ("entity", "body", "reason"),
    [
        ("rule/busy", None, "deleted"),
        ("rule/busy", {**RULE, "enabled": False}, "disabled"),
        ("rule/busy", {**RULE, "metric": "other"}, "made for others"),
        ("rule/busy", {"metric": BUSY, "levels": {"critical": {"limit": 0.99}}}, "no level warning"),
        ("rule/busy", {"nonsense": 1}, "version 2 of rule busy cannot be read"),
        ("rule/a", {**RULE, "scope": {"kind": "role", "value": "web"}}, "rule a judges"),
        (f"server/{SERVER}", None, "retired"),
        (f"server/{SERVER}", {"retired": True}, "retired"),
    ],
)
def test_an_alert_that_nothing_judges_any_more_expires(
    entity: str, body: dict[str, object] | None, reason: str
) -> None:
    log = _log()
    log.run({BUSY: 0.9}, 20)
    offset = log.configure(entity, body, author="bob")
    log.wait(5)
    log.tick()
    assert log.story() == ["firing warning", "expired warning"]
    event = log.alerts()[-1]
    assert reason in event.reason
    assert (event.actor, event.control_offset) == ("bob", offset)


def test_a_silence_whose_rule_cannot_be_read_any_more_says_so() -> None:
    log = Log()
    log.configure("rule/down", {"kind": "absence", "stale_seconds": 30, "levels": {"critical": {"limit": 60}}})
    log.tick()
    log.batch({BUSY: 0.1})
    log.silence(70)
    log.configure("rule/down", {"nonsense": 1}, author="bob")
    log.tick()
    last = log.alerts()[-1]
    assert (last.state, last.reason, last.actor) == ("expired", "version 1 of rule down cannot be read", "bob")


def test_another_rule_that_judges_instead_of_one_that_cannot_be_read_is_told() -> None:
    log = _log()
    log.configure("rule/web", {**RULE, "scope": {"kind": "role", "value": "web"}})
    log.tick()
    log.run({BUSY: 0.9}, 20)
    log.configure("rule/web", {"nonsense": 1})
    log.tick()
    assert log.alerts()[-1].reason == "version 3 of rule web cannot be read; rule busy judges this series now"


def test_a_rule_that_can_be_read_again_judges_again() -> None:
    log = _log()
    log.configure("rule/busy", {"nonsense": 1})
    log.tick()
    log.configure("rule/busy", RULE)
    log.tick()
    log.run({BUSY: 0.9}, 20)
    log.configure("rule/busy", None)
    log.tick()
    assert log.story() == ["firing warning", "expired warning"]
    assert "deleted" in log.alerts()[-1].reason


def test_a_more_specific_rule_starts_at_pending() -> None:
    log = _log()
    log.run({BUSY: 0.9}, 20)
    levels = {"critical": {"limit": 0.8, "for_seconds": 20}}
    log.configure("rule/web", {"metric": BUSY, "levels": levels, "scope": {"kind": "role", "value": "web"}})
    log.run({BUSY: 0.9}, 40)
    assert log.story() == ["firing warning", "expired warning", "pending critical", "firing critical"]


def test_a_server_that_is_moved_falls_under_other_rules() -> None:
    log = _log()
    log.configure("rule/db", {**RULE, "levels": {}, "scope": {"kind": "role", "value": "db"}})
    log.run({BUSY: 0.9}, 20)
    log.configure(f"server/{SERVER}", {"role": "db"})
    log.run({BUSY: 0.9}, 20)
    assert log.story() == ["firing warning", "expired warning"]


def test_a_void_record_changes_nothing() -> None:
    log = _log()
    log.control.append(log.control[0])
    log.run({BUSY: 0.9}, 20)
    assert [event.rule_version for event in log.alerts()] == [0]


def test_a_rule_that_cannot_be_read_is_told() -> None:
    log = _log()
    log.configure("rule/bad", {"metric": 1})
    log.tick()
    (told,) = notices(log.outputs())
    assert told["kind"] == "rule_error"
    assert told["entity"] == "rule/bad"
    assert "metric: must be a text" in told["text"]


def test_a_rule_that_no_utf_8_can_quote_is_told_and_stops_nothing() -> None:
    log = _log()
    log.configure("rule/bad", {"metric": "m", "levels": {"\ud800": {"limit": 1}}})
    log.tick()
    (told,) = notices(log.outputs())
    assert "\\ud800" in told["text"]


def test_the_engine_waits_for_the_control_log_and_is_as_before() -> None:
    log = _log()
    log.configure("rule/other", RULE)
    record = log.tick()
    engine = PartitionEngine(place(), history(log.control[:2]))
    apply_all(engine, log.records[:-1])
    before = engine.partition_record()
    with pytest.raises(ControlBehindError) as caught:
        engine.apply(record)
    assert (caught.value.wanted_offset, caught.value.read_offset) == (2, 1)
    assert engine.partition_record() == before


def test_forged_ticks_and_those_for_other_places_are_dead_letters() -> None:
    log = _log()
    log.tick(key=b"another secret")
    log.tick(partition=1)
    log.tick(topic_id="another topic")
    assert [output.topic for output in log.outputs()[-3:]] == [DEADLETTER.name] * 3


def test_a_zombies_tick_changes_nothing_and_a_shorter_control_log_is_refused_once() -> None:
    log = _log()
    log.tick(control_offset=0)
    log.tick(control_topic_id="made anew", control_offset=0)
    log.tick(control_topic_id="made anew", control_offset=0)
    engine = log.engine()
    outputs = apply_all(engine, log.records)
    assert engine.control_offset == 1
    assert [(one["kind"], one["control_topic_id"]) for one in notices(outputs)] == [("control_refused", "made anew")]


def test_an_acknowledgement_lasts_until_its_end_or_until_it_gets_worse() -> None:
    log = Log()
    log.configure("rule/busy", {"metric": BUSY, "levels": {"warning": {"limit": 0.8}, "critical": {"limit": 0.9}}})
    log.run({BUSY: 0.85}, 20)
    alert_id = log.alerts()[0].alert_id
    body = {"alert_id": alert_id, "server_id": SERVER, "command": "acknowledge", "until_ms": log.now_ms + 60_000}
    log.configure("alert_command/1", body, author="bob")
    log.run({BUSY: 0.85}, 70)
    log.configure("alert_command/2", {**body, "until_ms": 0})
    log.run({BUSY: 0.85}, 300)
    log.run({BUSY: 0.95}, 10)
    log.configure("alert_command/3", body)
    log.configure("alert_command/4", {**body, "command": "unacknowledge"})
    log.run({BUSY: 0.95}, 10)
    assert [event.state for event in log.alerts()] == [
        "firing", "acknowledged", "firing", "acknowledged", "firing", "acknowledged", "firing",
    ]  # fmt: skip
    assert log.alerts()[1].actor == "bob"


def test_an_acknowledgement_ends_in_time_though_the_alert_got_milder() -> None:
    log = Log()
    log.configure("rule/busy", {"metric": BUSY, "levels": {"warning": {"limit": 0.8}, "critical": {"limit": 0.9}}})
    log.run({BUSY: 0.95}, 20)
    body = {"alert_id": log.alerts()[0].alert_id, "server_id": SERVER, "command": "acknowledge"}
    log.configure("alert_command/1", {**body, "until_ms": log.now_ms + 60_000})
    log.run({BUSY: 0.95}, 10)
    log.run({BUSY: 0.85}, 60)
    assert [f"{event.state} {event.level}" for event in log.alerts()] == [
        "firing critical", "acknowledged critical", "acknowledged warning", "firing warning",
    ]  # fmt: skip


def test_a_silence_does_not_shorten_what_is_unknown() -> None:
    log = _log()
    log.run({BUSY: 0.9}, 20)
    log.run({"other": 1}, 320)
    log.configure("silence/s", {"intervals": [[log.now_ms, log.now_ms + 60_000]]})
    log.run({"other": 1}, 600)
    assert log.story() == ["firing warning", *["unknown warning"] * 3]


def test_ended_alerts_are_bounded() -> None:
    log = _log()
    log.configure("rule/busy", {**RULE, "flapping": False})
    for _ in range(MAX_ENDED + 6):
        log.run({BUSY: 0.9}, 10)
        log.run({BUSY: 0.1}, 10)
    outputs = log.outputs()
    gone = [
        (output.key or b"").decode() for output in outputs if output.topic == ALERT_STATE.name and output.value is None
    ]
    assert gone == [event.alert_id for event in alerts(outputs) if event.state == "resolved"][:6]


def test_an_alert_closed_by_a_person_may_fire_again() -> None:
    log = _log()
    log.run({BUSY: 0.9}, 20)
    body = {"alert_id": log.alerts()[0].alert_id, "server_id": SERVER, "command": "resolve"}
    log.configure("alert_command/1", body)
    log.run({BUSY: 0.9}, 10)
    assert log.story() == ["firing warning", "resolved warning", "firing warning"]
    assert len({event.alert_id for event in log.alerts()}) == 2


def test_an_alert_closed_by_a_person_is_pending_before_it_fires_again() -> None:
    log = Log()
    log.configure("rule/busy", {"metric": BUSY, "levels": {"warning": {"limit": 0.8, "for_seconds": 20}}})
    log.run({BUSY: 0.9}, 30)
    body = {"alert_id": log.alerts()[0].alert_id, "server_id": SERVER, "command": "resolve"}
    log.configure("alert_command/1", body)
    log.run({BUSY: 0.9}, 20)
    assert log.story()[2:] == ["resolved warning", "pending warning"]


def test_a_pending_alert_whose_window_is_edited_names_the_records_of_the_new_one() -> None:
    log = Log()
    levels = {"warning": {"limit": 0.8, "for_seconds": 60}}
    log.configure("rule/busy", {"metric": BUSY, "levels": levels, "window": {"function": "max", "seconds": 300}})
    log.run({BUSY: 0.9}, 30)
    log.configure("rule/busy", {"metric": BUSY, "levels": levels, "window": {"function": "max", "seconds": 60}})
    log.run({BUSY: 0.85}, 60)
    firing = log.alerts()[-1]
    assert (firing.state, firing.value, firing.first_offset) == ("firing", 0.85, 7)


def test_an_alert_closed_by_a_person_must_cross_the_limit_to_fire_again() -> None:
    log = Log()
    log.configure("rule/busy", {"metric": BUSY, "levels": {"warning": {"limit": 0.8, "recovery": 0.5}}})
    log.run({BUSY: 0.9}, 20)
    body = {"alert_id": log.alerts()[0].alert_id, "server_id": SERVER, "command": "resolve"}
    log.configure("alert_command/1", body)
    log.run({BUSY: 0.7}, 20)
    assert log.story() == ["firing warning", "resolved warning"]


def test_a_silence_is_a_fact_of_the_events_while_it_holds() -> None:
    log = _log()
    log.run({BUSY: 0.9}, 10)
    until_ms = log.now_ms + 60_000
    log.configure("silence/night", {"scope": {"kind": "role", "value": "web"}, "intervals": [[log.now_ms, until_ms]]})
    log.run({BUSY: 0.9}, 100)
    assert log.story() == ["firing warning"] * 3
    assert [event.suppressed_by for event in log.alerts()] == [(), ("silence/night",), ()]
    assert "maintenance" not in log.statuses()


def test_maintenance_hides_what_is_worse_and_ends_by_itself() -> None:
    log = _log()
    log.run({BUSY: 0.9}, 10)
    log.configure("maintenance/m", {"intervals": [[log.now_ms + 20_000, log.now_ms + 60_000]]})
    log.run({BUSY: 0.9}, 100)
    assert log.statuses() == ["new", "warning", "maintenance", "warning"]


def test_a_retired_server_is_judged_no_more_until_it_is_back() -> None:
    log = _log()
    log.run({BUSY: 0.9}, 20)
    log.configure(f"server/{SERVER}", None)
    log.run({BUSY: 0.9}, 20)
    log.silence(600)
    assert log.story() == ["firing warning", "expired warning"]
    assert log.statuses()[-1] == "retired"
    log.configure(f"server/{SERVER}", {"role": "web"})
    log.run({BUSY: 0.9}, 20)
    assert log.story()[-1] == "firing warning"


def test_a_purged_server_is_forgotten() -> None:
    log = _log()
    log.run({BUSY: 0.9}, 20)
    log.configure(f"server/{SERVER}", None, operation="purged")
    log.tick()
    engine = log.engine()
    outputs = apply_all(engine, log.records)
    gone = [output for output in outputs if output.offset == len(log.records) - 1 and output.value is None]
    assert [output.topic for output in gone] == [ALERT_STATE.name, SERVER_STATE.name]
    assert alerts(outputs)[-1].state == "expired"
    assert engine.snapshot(SERVER) is None
    assert SERVER in engine.take_dirty()


def test_records_that_are_missing_make_open_alerts_unknown() -> None:
    log = _log()
    log.run({BUSY: 0.9}, 20)
    engine = log.engine()
    apply_all(engine, log.records)
    log.run({BUSY: 0.9}, 20)
    with pytest.raises(OffsetGapError):
        engine.apply(log.records[-1])
    outputs = engine.skip_to(len(log.records) - 1)
    assert [event.state for event in alerts(outputs)] == ["unknown"]
    told = [(one["kind"], one["first_missing"], one["last_missing"]) for one in notices(outputs)]
    assert told == [("gap", "5", "7")]
    assert [event.state for event in alerts(engine.apply(log.records[-1]))] == ["firing"]
    assert engine.skip_to(3) == []
    assert engine.skip_to(engine.cover + 1) == [], "nothing is missing before the next record"


def test_a_record_applied_before_does_nothing() -> None:
    log = _log()
    log.run({BUSY: 0.9}, 20)
    engine = log.engine()
    apply_all(engine, log.records)
    assert apply_all(engine, log.records) == []


def test_a_server_registered_in_another_partition_is_not_ours() -> None:
    log = Log()
    for number in range(20):
        log.configure(f"server/web-{number}", {})
    log.tick()
    engine = PartitionEngine(place(0, 4), history(log.control, 4))
    states = server_states(apply_all(engine, log.records))
    assert 0 < len(states) < 20
