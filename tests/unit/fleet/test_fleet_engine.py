"""Environments that fall silent: when there is an alert, what it says, and when it ends."""

import json

import pytest
from pulsemon_schemas import codec
from pulsemon_schemas.partitioner import partition_for
from pulsemon_schemas.records import AlertEvent
from pulsemon_schemas.topics import ALERT_STATE, ALERTS, DEADLETTER
from pulsemon_stream_processors.engine import ControlBehindError, StateError, pack, unpack
from pulsemon_stream_processors.fleet import FleetEngine, FleetPlace
from support.engine import START_MS, TOPIC_ID, alerts, history
from support.fleet_log import LOG_ID, RULE, FleetLog, apply_all, place, record, restarted

WEB = ("web-1", "web-2", "web-3", "web-4")


def fleet(partition_count: int = 2) -> FleetLog:
    """Four servers of production that are ok, under the usual rule."""
    log = FleetLog(partition_count)
    log.configure("rule/fleet_silent", RULE)
    log.servers("production", *WEB)
    log.run(10)
    return log


def silent_fleet() -> FleetLog:
    log = fleet()
    log.statuses("stale", *WEB[:3])
    log.run(70)
    return log


def test_more_than_half_silent_for_a_minute_is_one_alert() -> None:
    log = fleet()
    log.statuses("stale", *WEB[:3])
    log.run(30)
    log.statuses("down", *WEB[:3])
    log.run(40)
    pending, firing = log.alerts()
    assert (pending.state, firing.state) == ("pending", "firing")
    assert pending.alert_id == firing.alert_id
    assert firing.occurred_at_ms - pending.occurred_at_ms == 60_000


def test_what_the_alert_says() -> None:
    event = silent_fleet().alerts()[-1]
    assert event == AlertEvent(
        event_id=event.event_id,
        alert_id=event.alert_id,
        transition=1,
        server_id="_env:production",
        rule_id="fleet_silent",
        rule_version=0,
        rule_author="ada",
        metric="",
        labels="environment=production",
        previous_state="pending",
        state="firing",
        previous_level="critical",
        level="critical",
        reason="3 of 4 servers are silent",
        actor="",
        started_at_ms=START_MS + 10_000,
        occurred_at_ms=START_MS + 70_000,
        late=False,
        value=0.75,
        limit=0.5,
        calm_value=0.5,
        window_function="share",
        window_seconds=0.0,
        sample_count=4,
        topic_id=TOPIC_ID,
        partition=1,
        first_offset=event.last_offset,
        last_offset=event.last_offset,
        control_offset=4,
    )


def test_it_lies_where_its_id_belongs() -> None:
    outputs = [output for output in silent_fleet().outputs() if output.topic in {ALERTS.name, ALERT_STATE.name}]
    assert {output.partition for output in outputs} == {partition_for(b"_env:production", 2)}
    assert [output.key for output in outputs[:2]] == [b"_env:production", alerts(outputs)[0].alert_id.encode()]


def test_half_is_not_more_than_half() -> None:
    log = fleet()
    log.statuses("down", *WEB[:2])
    log.run(300)
    assert log.story() == []


def test_two_servers_are_no_fleet() -> None:
    log = FleetLog()
    log.configure("rule/fleet_silent", RULE)
    log.servers("laptops", "mine", "yours")
    log.statuses("down", "mine", "yours")
    log.run(300)
    assert log.story() == []


def test_without_a_rule_there_is_none() -> None:
    log = FleetLog()
    log.servers("production", *WEB)
    log.statuses("down", *WEB)
    log.run(300)
    assert log.story() == []


def test_what_does_not_last_leaves_nothing_behind() -> None:
    log = fleet()
    log.statuses("stale", *WEB)
    log.run(40)
    log.statuses("ok", *WEB)
    log.run(60)
    assert log.story() == ["pending _env:production", "expired _env:production"]
    state = [output for output in log.outputs() if output.topic == ALERT_STATE.name]
    assert state[-1].value is None


def test_it_goes_on_until_hardly_any_server_is_silent() -> None:
    log = silent_fleet()
    log.statuses("ok", *WEB[:2])  # a quarter is silent still
    log.run(60)
    assert log.story()[-1] == "firing _env:production"
    log.status(WEB[2], "ok")
    log.run(10)
    assert log.alerts()[-1].reason == "recovered: 0 of 4 servers are silent"
    assert log.alerts()[-1].state == "resolved"


def test_nothing_is_judged_before_all_partitions_are_so_far() -> None:
    log = fleet()
    log.statuses("stale", *WEB)
    for _ in range(60):
        log.wait(5)
        log.tick(0)
    assert log.story() == []
    log.tick(1)
    log.run(5)
    assert log.story()[0] == "pending _env:production"


def test_time_in_which_no_partition_spoke_counts_for_nothing() -> None:
    log = fleet()
    log.statuses("stale", *WEB)
    log.run(20)
    log.wait(600)
    log.tick()
    log.run(50)
    assert log.story() == ["pending _env:production"]
    log.run(30)
    assert log.story()[-1] == "firing _env:production"


def test_servers_in_maintenance_and_retired_ones_do_not_count() -> None:
    log = fleet()
    log.status(WEB[0], "maintenance")
    log.statuses("stale", *WEB[1:3])
    log.run(70)
    assert log.alerts()[-1].reason == "2 of 3 servers are silent"
    log.status(WEB[1], "retired")
    log.run(10)
    assert log.alerts()[-1].state == "expired"
    assert log.alerts()[-1].reason == "2 servers are left, and the rule needs 3"


def test_a_purged_server_is_gone_at_the_tick_that_covers_it() -> None:
    log = fleet()
    log.servers("production", "web-5")
    log.statuses("stale", *WEB[:3])
    log.run(70)
    log.configure("server/web-1", None, operation="purged", author="bob")
    log.configure("server/web-2", None, operation="purged", author="bob")
    log.run(10)
    log.status(WEB[2], "down")
    log.run(10)
    events = log.alerts()
    assert [event.state for event in events] == ["pending", "firing"]
    log.status(WEB[2], "ok")
    log.run(10)
    assert log.alerts()[-1].reason == "recovered: 0 of 3 servers are silent"


def test_a_server_is_gone_where_its_own_partition_says_so() -> None:
    """The other one has read the purge before: it puts the rule in force, and leaves the server alone."""
    log = silent_fleet()
    log.configure("server/web-4", None, operation="purged")
    log.configure("rule/fleet_silent", {**RULE, "levels": {"warning": {"limit": 0.7}}})
    own = partition_for(b"web-4", 2)
    for _ in range(3):
        log.wait(5)
        log.tick(1 - own)
        log.tell(own)
    assert log.alerts()[-1].reason == "3 of 4 servers are silent"
    log.status("web-4", "warning")
    log.run(10)
    log.configure("rule/fleet_silent", {**RULE, "levels": {"info": {"limit": 0.7}}})
    log.run(10)
    assert log.alerts()[-1].reason == "3 of 3 servers are silent"


def test_a_server_that_moves_counts_where_it_is_now() -> None:
    log = fleet()
    log.servers("test", "t-1", "t-2")
    log.statuses("down", *WEB[:2], "t-1")
    log.run(10)
    log.configure(f"server/{WEB[0]}", {"environment": "test"})
    log.run(70)
    assert log.story() == ["pending _env:test", "firing _env:test"]
    assert log.alerts()[-1].reason == "2 of 3 servers are silent"


def test_servers_that_nobody_registered_are_an_environment_without_a_name() -> None:
    log = fleet()
    log.statuses("new", "a", "b", "c")
    log.run(10)
    log.statuses("stale", "a", "b")
    log.run(70)
    assert log.alerts()[-1].server_id == "_env:"
    assert log.alerts()[-1].labels == "environment="


def test_a_registered_server_counts_from_its_first_batch() -> None:
    log = fleet()
    for server_id in ("web-5", "web-6", "web-7"):
        log.configure(f"server/{server_id}", {"environment": "production"})
        log.tick()
        log.status(server_id, "new")
    log.statuses("stale", *WEB[:3])
    log.run(10)
    assert log.alerts()[-1].reason == "3 of 4 servers are silent"


def test_the_narrower_rule_wins_and_the_alert_of_the_other_expires() -> None:
    log = silent_fleet()
    log.configure("rule/patient", {**RULE, "min_servers": 10, "scope": {"kind": "environment", "value": "production"}})
    log.run(10)
    event = log.alerts()[-1]
    assert (event.state, event.rule_id, event.reason) == (
        "expired", "fleet_silent", "rule patient judges the environment now"
    )  # fmt: skip


def test_a_rule_that_is_deleted_takes_its_alert_along() -> None:
    log = silent_fleet()
    log.configure("rule/fleet_silent", None, author="bob")
    log.run(10)
    event = log.alerts()[-1]
    assert (event.state, event.reason, event.actor) == ("expired", "its rule was deleted or disabled", "bob")


def test_an_edited_limit_judges_the_same_alert() -> None:
    log = silent_fleet()
    log.configure("rule/fleet_silent", {**RULE, "levels": {"critical": {"limit": 0.8}}})
    log.run(10)
    first, _, last = log.alerts()
    assert (last.alert_id, last.state, last.rule_version) == (first.alert_id, "resolved", 5)


def test_a_level_that_is_gone_ends_the_alert_without_evidence() -> None:
    log = silent_fleet()
    log.configure("rule/fleet_silent", {**RULE, "levels": {"warning": {"limit": 0.5, "for_seconds": 20}}})
    log.run(40)
    assert [f"{event.state} {event.level}" for event in log.alerts()[2:]] == [
        "expired critical", "pending warning", "firing warning",
    ]  # fmt: skip


def test_people_acknowledge_and_close_it() -> None:
    log = silent_fleet()
    alert_id = log.alerts()[-1].alert_id
    command = {"alert_id": alert_id, "server_id": "_env:production", "note": "power cut"}
    log.configure(
        "alert_command/1", {**command, "command": "acknowledge", "until_ms": log.now_ms + 30_000}, author="bob"
    )
    log.run(50)
    log.configure("alert_command/2", {**command, "command": "resolve"}, author="bob")
    log.run(200)
    assert [(event.state, event.actor) for event in log.alerts()[2:]] == [
        ("acknowledged", "bob"), ("firing", ""), ("resolved", "bob"),
    ]  # fmt: skip
    log.statuses("ok", *WEB)
    log.run(10)
    log.statuses("stale", *WEB)
    log.run(70)
    assert log.story()[5:] == ["pending _env:production", "firing _env:production"]


def test_silences_keep_it_from_paging() -> None:
    log = silent_fleet()
    until_ms = log.now_ms + 60_000
    scope = {"kind": "environment", "value": "production"}
    log.configure("silence/move", {"scope": scope, "intervals": [[0, until_ms]]})
    log.run(80)
    assert [event.suppressed_by for event in log.alerts()] == [(), (), ("silence/move",), ()]


def test_the_state_of_an_ended_alert_is_kept_for_a_week() -> None:
    log = silent_fleet()
    log.statuses("ok", *WEB)
    log.run(10)
    resolved_at_ms = log.alerts()[-1].occurred_at_ms
    log.wait(7 * 24 * 3600)
    log.run(10)
    (tombstone,) = [one for one in log.outputs() if one.topic == ALERT_STATE.name and one.value is None]
    assert tombstone.key == log.alerts()[-1].alert_id.encode()
    assert resolved_at_ms > START_MS


def test_missing_events_make_open_alerts_unknown_until_the_next_step() -> None:
    log = silent_fleet()
    engine, records = log.engine(), log.records()
    apply_all(engine, records)
    skipped = engine.skip_to(records[-1].offset + 100)
    assert [event.state for event in alerts(skipped)] == ["unknown"]
    count = len(log.bodies)
    log.run(10)
    later = [record(10_000 + index, body) for index, body in enumerate(log.bodies[count:])]
    assert [event.state for event in alerts(apply_all(engine, later))] == ["firing"]


def test_what_is_no_event_goes_to_the_dead_letter_and_moves_nothing() -> None:
    log = fleet()
    engine = log.engine()
    body = log.bodies[0]
    bad = [b"{", b"[]", json.dumps({**body, "time_ms": "now"}).encode(), json.dumps({**body, "partition": 2}).encode()]
    for offset, value in enumerate(bad):
        (letter,) = engine.apply(record(offset, body)._replace(value=value))
        assert (letter.topic, letter.value, dict(letter.headers)["reason"]) == (DEADLETTER.name, value, "malformed")
    assert engine.heard_ms == -1


def test_events_about_another_life_of_the_metrics_topic_mean_nothing() -> None:
    log = fleet()
    engine = log.engine()
    assert engine.apply(record(0, {**log.bodies[0], "topic_id": "other"})) == []
    assert engine.apply(record(1, {**log.bodies[0], "type": "to come"})) == []
    assert (engine.cover, engine.heard_ms) == (1, -1)


def test_it_waits_for_the_control_log() -> None:
    log = fleet()
    engine = FleetEngine(place(2), history(log.control[:2], 2))
    with pytest.raises(ControlBehindError) as caught:
        apply_all(engine, log.records())
    assert caught.value.wanted_offset == 4
    state, feeds = log.engine().record(), {0: {**log.engine().feed_record(0), "control_offset": 4}}
    with pytest.raises(ControlBehindError):
        FleetEngine.restore(place(2), history([], 2), state, feeds)


def test_state_of_another_topic_or_format_is_refused() -> None:
    engine = fleet().engine()
    with pytest.raises(StateError, match="other"):
        FleetEngine.restore(FleetPlace(LOG_ID, "other", 2), history([], 2), engine.record(), {})
    with pytest.raises(StateError, match="format 9"):
        FleetEngine.restore(place(2), history([], 2), {**engine.record(), "format": 9}, {})


def test_in_a_topic_of_events_made_anew_it_goes_on_with_what_it_knows() -> None:
    log = silent_fleet()
    engine = log.engine()
    apply_all(engine, log.records())
    feeds = {partition: unpack(pack(engine.feed_record(partition))) for partition in range(2)}
    moved = FleetEngine.restore(
        FleetPlace("another", TOPIC_ID, 2), history(log.control, 2), unpack(pack(engine.record())), feeds
    )
    assert moved.resume_offset == 0
    count = len(log.bodies)
    log.statuses("ok", *WEB)
    log.run(10)
    outputs = apply_all(moved, [record(index, body) for index, body in enumerate(log.bodies[count:])])
    assert [event.state for event in alerts(outputs)] == ["resolved"]


def test_only_feeds_that_changed_are_written() -> None:
    log = fleet()
    engine = log.engine()
    assert engine.take_changed() == [0, 1]
    assert engine.take_changed() == []
    apply_all(engine, log.records())
    assert engine.take_changed() == [0, 1]
    assert restarted(engine, log.control).take_changed() == []


def test_an_event_decodes_as_any_other_alert() -> None:
    outputs = [output for output in silent_fleet().outputs() if output.topic == ALERTS.name]
    assert all(isinstance(codec.decode(output.value or b""), AlertEvent) for output in outputs)


def test_an_environment_that_is_calm_has_no_state() -> None:
    log = fleet()
    engine = log.engine()
    apply_all(engine, log.records())
    assert engine.record()["groups"] == []
