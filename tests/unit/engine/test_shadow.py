"""A rule in shadow is judged beside the one in force and changes nothing of it, also where it takes its place."""

from typing import Any

from pulsemon_schemas import codec
from pulsemon_schemas.records import AlertEvent
from pulsemon_schemas.topics import ALERT_STATE, ALERTS, ALERTS_SHADOW, EVENTS, SERVER_STATE
from pulsemon_stream_processors.engine import Output
from support.engine import SERVER, Log, Store, alerts, apply_all, final_state, history, place

BUSY = "system.cpu.busy"
Body = dict[str, Any]


def body(limit: float, **more: Any) -> Body:
    return {"metric": BUSY, "levels": {"warning": {"limit": limit, "for_seconds": 20}}, **more}


def in_shadow(outputs: list[Output]) -> list[AlertEvent]:
    found = [codec.decode(one.value) for one in outputs if one.topic == ALERTS_SHADOW.name and one.value]
    return [one for one in found if isinstance(one, AlertEvent)]


def told(outputs: list[Output], *topics: str) -> list[tuple[str, bytes | None, bytes | None]]:
    return [(one.topic, one.key, one.value) for one in outputs if one.topic in topics]


def log_with(shadow: Body | None, rule: Body | None = None) -> Log:
    log = Log()
    log.configure("rule/busy", rule or body(0.9))
    log.configure("shadow/busy" if shadow else "card/busy", shadow or {})
    return log


def test_it_speaks_to_the_topic_of_shadows_alone() -> None:
    log = log_with(body(0.5))
    log.run({BUSY: 0.7}, 60)
    log.run({BUSY: 0.1}, 60)
    outputs = log.outputs()
    assert alerts(outputs) == []
    events = in_shadow(outputs)
    assert [one.state for one in events] == ["pending", "firing", "resolved"]
    assert {one.rule_id for one in events} == {"shadow:busy"}
    assert {one.limit for one in events} == {0.5}
    assert told(outputs, ALERT_STATE.name) == []
    assert set(log.statuses()) == {"new"}


def test_the_rule_in_force_says_what_it_says_without_a_shadow() -> None:
    streams = []
    for shadow in (body(0.5), None):
        log = log_with(shadow)
        for value, seconds in ((0.7, 50), (0.95, 60), (0.1, 60), (0.97, 40)):
            log.run({BUSY: value}, seconds)
        streams.append(told(log.outputs(), ALERTS.name, ALERT_STATE.name, SERVER_STATE.name, EVENTS.name))
    assert streams[0] == streams[1]
    assert len(streams[0]) > 5


def test_it_judges_only_where_it_would_in_force() -> None:
    log = log_with(body(0.5))
    log.configure("rule/narrow", body(0.6, scope={"kind": "server", "value": SERVER}))
    log.run({BUSY: 0.7}, 60)
    outputs = log.outputs()
    assert [one.rule_id for one in alerts(outputs)] == ["narrow", "narrow"]
    assert in_shadow(outputs) == []


def test_an_edited_and_an_ended_shadow() -> None:
    log = log_with(body(0.5))
    log.run({BUSY: 0.7}, 60)
    log.configure("shadow/busy", body(0.6))
    log.run({BUSY: 0.7}, 20)
    log.configure("shadow/busy", None)
    log.run({BUSY: 0.7}, 20)
    events = in_shadow(log.outputs())
    assert [one.state for one in events] == ["pending", "firing", "expired"]
    assert len({one.alert_id for one in events}) == 1


def test_one_that_cannot_be_read_or_has_no_such_kind_is_told_and_judges_nothing() -> None:
    for wrong in ({"metric": 3}, {"kind": "absence", "levels": {"warning": {"limit": 60}}}):
        log = log_with(wrong)
        log.run({BUSY: 0.7}, 60)
        outputs = log.outputs()
        assert in_shadow(outputs) == []
        assert any(one.topic == EVENTS.name for one in outputs)


def promoted(shadow: Body | None) -> Log:
    """An alert is open when the version in shadow takes its rule's place: the same records with and without it."""
    log = log_with(shadow)
    log.run({BUSY: 0.95}, 60)
    log.configure("rule/busy", body(0.5))
    log.configure("shadow/busy" if shadow else "card/busy", None if shadow else {})
    log.run({BUSY: 0.7}, 60)
    log.run({BUSY: 0.1}, 60)
    return log


def test_promotion_keeps_state_and_ids_and_loses_and_doubles_nothing() -> None:
    with_shadow, without = promoted(body(0.5)), promoted(None)
    topics = (ALERTS.name, ALERT_STATE.name, SERVER_STATE.name)
    outputs = with_shadow.outputs()
    assert told(outputs, *topics) == told(without.outputs(), *topics)
    events = alerts(outputs)
    assert [one.state for one in events] == ["pending", "firing", "resolved"]
    assert [one.transition for one in events] == [0, 1, 2]
    assert len({one.alert_id for one in events}) == 1
    assert in_shadow(outputs)[-1].state == "expired"


def test_a_restart_anywhere_changes_nothing() -> None:
    log = promoted(body(0.5))
    whole = log.engine()
    expected = apply_all(whole, log.records)
    control = history(log.control)
    store = Store()
    engine = store.restore(place(), control)
    for record in log.records:
        store.commit(engine, engine.apply(record))
        if record.offset % 3 == 0:
            store.round(engine)
            engine = store.restore(place(), control)
    assert store.outputs == expected
    assert final_state(engine) == final_state(whole)
