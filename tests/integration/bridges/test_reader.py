"""Reading alerts from a real broker: each at least once, in order, and nothing that is none."""

import contextlib
import logging
import signal
import threading
from dataclasses import replace

import pytest
from confluent_kafka import Producer
from pulsemon.alerts import Alert
from pulsemon_schemas import codec
from pulsemon_schemas.errors import AuthError
from pulsemon_schemas.runtime.kafka import client_config
from pulsemon_schemas.runtime.secret import Secret
from support.alerts import transition
from support.bridges import Alarm, numbered, running
from support.engine import Log
from support.waiting import wait_until

pytestmark = pytest.mark.kafka

SLOW_SECONDS = 30

# Whoever starts the tests in the background of a shell has its children ignore SIGINT, Python then too.
READER = """
import os
import signal
from pulsemon import alerts

signal.signal(signal.SIGINT, signal.default_int_handler)
reading = alerts.read(group=os.environ["GROUP"], topic=os.environ["TOPIC"], start="earliest", session_seconds=6)
for alert in reading:
    print(alert.id, alert.transition)
    if str(alert.transition) == os.environ.get("STUCK_AT"):
        input()
"""


def test_what_the_engine_decided_arrives_with_all_its_facts(alarm: Alarm) -> None:
    log = Log()
    log.configure("rule/busy", {"metric": "system.cpu.busy", "levels": {"critical": {"limit": 0.9}}})
    log.run({"system.cpu.busy": 0.95}, 30)
    log.run({"system.cpu.busy": 0.1}, 10)
    events = log.alerts()
    producer = Producer({**client_config(alarm.broker.settings), "transactional.id": f"admin-{alarm.group}"})
    producer.init_transactions(20)
    for is_committed in (False, True):
        producer.begin_transaction()
        for event in events:
            producer.produce(alarm.topic, codec.encode(event), event.server_id.encode())
        producer.commit_transaction(20) if is_committed else producer.abort_transaction(20)

    stop = threading.Event()
    found: list[Alert] = []
    for alert in alarm.read(stop):
        found.append(alert)
        if alert.is_over:
            stop.set()

    assert [(one.state, one.level, one.value, one.limit) for one in found] == [
        (event.state, event.level, event.value, event.limit) for event in events
    ]
    firing = found[0]
    assert (firing.rule, firing.rule_version, firing.rule_author, firing.server) == ("busy", 0, "ada", "web-1")
    assert firing.since.timestamp() * 1000 == events[0].started_at_ms
    assert firing.provenance.last_offset == events[0].last_offset
    assert alarm.lag() <= 1, "all but the marker of the transaction is finished"


def test_a_program_killed_before_it_was_through_with_an_alert_gets_it_again(alarm: Alarm) -> None:
    alarm.tell(*numbered(3))
    with running(READER, alarm.environment() | {"STUCK_AT": "1"}) as first:
        wait_until(lambda: "a1 1" in first.lines, SLOW_SECONDS, "the second alert")
        first.signal(signal.SIGKILL)
        assert "a1 2" not in first.lines
    with running(READER, alarm.environment()) as second:
        wait_until(lambda: {"a1 1", "a1 2"} <= set(second.lines), SLOW_SECONDS, "the second alert again")
        wait_until(lambda: alarm.lag() == 0, SLOW_SECONDS, "the place behind all alerts")


class BodyError(Exception):
    """What the body of a loop may raise."""


@pytest.mark.parametrize("error", [None, BodyError()], ids=["break", "raise"])
def test_an_alert_whose_body_was_left_comes_again(alarm: Alarm, error: BodyError | None) -> None:
    alarm.tell(*numbered(2))
    with contextlib.suppress(BodyError):
        for alert in alarm.read(threading.Event()):
            if alert.transition == 1:
                if error is not None:
                    raise error
                break

    assert alarm.take(1) == [("a1", 1)]


def test_transitions_that_are_not_newer_than_the_last_of_their_alert_are_dropped(alarm: Alarm) -> None:
    again = [transition(number=0), transition(number=1), transition(number=0), transition(number=1)]
    alarm.tell(*again, transition(alert="a2", number=0), transition(number=2))

    assert alarm.take(4) == [("a1", 0), ("a1", 1), ("a2", 0), ("a1", 2)]
    assert alarm.lag() == 0


def test_a_new_group_begins_with_what_comes_from_now_on_and_keeps_that_place(alarm: Alarm) -> None:
    alarm.tell(*numbered(2))
    with alarm.reading(start="latest"):
        wait_until(alarm.is_placed, SLOW_SECONDS, "the place of the new group")
    alarm.tell(transition(alert="a2", number=0))

    assert alarm.take(1, start="latest") == [("a2", 0)], "came while nobody was there"


def test_records_that_are_no_alerts_are_passed_over_with_one_warning(
    alarm: Alarm, caplog: pytest.LogCaptureFixture
) -> None:
    for bad in (b"", b"no alert", codec.encode(transition())[:-3], None):
        alarm.put(b"web-1", bad)
    alarm.tell(transition())

    assert alarm.take(1) == [("a1", 0)]
    warnings = [one.getMessage() for one in caplog.records if one.levelno == logging.WARNING]
    assert len(warnings) == 1, warnings
    assert warnings[0].startswith(f"The record at {alarm.topic}[")
    assert "look at who writes to this topic" in warnings[0]


def test_it_ends_and_leaves_the_group_when_it_is_told_to_stop(alarm: Alarm) -> None:
    with alarm.reading():
        wait_until(lambda: alarm.members() == 1, SLOW_SECONDS, "a member")

    assert alarm.members() == 0


def test_ctrl_c_leaves_the_group_and_is_raised(alarm: Alarm) -> None:
    with running(READER, alarm.environment()) as program:
        wait_until(lambda: alarm.members() == 1, SLOW_SECONDS, "a member")
        program.signal(signal.SIGINT)
        assert program.process.returncode != 0
        wait_until(lambda: program.lines and program.lines[-1] == "KeyboardInterrupt", SLOW_SECONDS, "its last word")
    assert alarm.members() == 0


def test_two_programs_of_one_group_share_the_alerts(alarm: Alarm) -> None:
    with alarm.reading() as one, alarm.reading() as other:
        wait_until(lambda: alarm.members() == 2, SLOW_SECONDS, "two members")
        # Alerts until both have some: a new member has its partitions a moment after it is one.
        rounds = iter(range(1000))

        def both_have_some() -> bool:
            number = next(rounds)
            alarm.tell(*[transition(server=f"web-{host}", alert=f"a{host}", number=number) for host in range(8)])
            return bool(one and other)

        wait_until(both_have_some, SLOW_SECONDS, "alerts at both")
        wait_until(lambda: alarm.lag() == 0, SLOW_SECONDS, "all alerts are handled")

    assert {alert.server for alert in one + other} == {f"web-{number}" for number in range(8)}


def test_a_login_that_may_not_read_alerts_is_told_so(alarm: Alarm) -> None:
    from pulsemon import alerts

    reading = alerts.read(alarm.broker.settings_for("agent"), group="pulsemon-agent-x", topic=alarm.topic)
    with pytest.raises(AuthError, match="use a login that may read alerts"):
        next(reading)


def test_a_wrong_password_ends_the_reading(alarm: Alarm) -> None:
    from pulsemon import alerts

    wrong = replace(alarm.broker.settings_for("bridge"), password=Secret("wrong"))
    with pytest.raises(AuthError, match="Kafka does not let this login"):
        next(alerts.read(wrong, group=alarm.group, topic=alarm.topic))


def test_the_words_of_the_rule_come_along_when_asked_for(alarm: Alarm) -> None:
    log = Log()
    body = {"metric": "m.x", "levels": {}, "summary": "Too much", "runbook": "https://example.net/x", "owner": "ops"}
    log.configure("rule/other", body | {"summary": "Other"})
    version = log.configure("rule/x", body)
    alarm.room.control(*log.control)
    alarm.tell(transition(rule_version=version), transition(number=1, rule_version=99))
    from pulsemon import alerts

    stop = threading.Event()
    words = []
    operator = alarm.broker.settings_for("operator")
    group = alarm.group.replace("bridge", "operator", 1)
    control = alarm.room.topic("control")
    reading = alerts.read(
        operator, group=group, start="earliest", stop=stop, rules=True, topic=alarm.topic, control_topic=control
    )
    for alert in reading:
        words.append((alert.summary, alert.runbook, alert.owner))
        if len(words) == 2:
            stop.set()

    assert words == [("Too much", "https://example.net/x", "ops"), ("", "", "")]
