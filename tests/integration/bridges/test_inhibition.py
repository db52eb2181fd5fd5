"""One alert for an environment that is silent, against a real broker: what the fleet engine decided covers servers."""

import threading
import time
from collections.abc import Iterator

import pytest
from pulsemon import alerts
from pulsemon.alerts import Alert
from pulsemon_schemas.errors import AuthError
from support.alerts import transition
from support.bridges import Alarm
from support.fleet_log import FleetLog
from support.inhibition import WEB, put_state, silence, silent_fleet

pytestmark = pytest.mark.kafka

SLOW_SECONDS = 30


@pytest.fixture
def fleet(alarm: Alarm) -> FleetLog:
    return silent_fleet(alarm)


def read(alarm: Alarm, stop: threading.Event, role: str = "notifier") -> Iterator[Alert]:
    """The alerts from the first, with what covers them."""
    return alerts.read(
        alarm.broker.settings_for(role),
        group=alarm.group.replace("bridge", role, 1),
        start="earliest",
        stop=stop,
        inhibit=True,
        topic=alarm.topic,
        control_topic=alarm.room.topic("control"),
        state_topic=alarm.room.topic("alert-state"),
    )


def test_alerts_of_silent_servers_are_quiet_while_their_environment_has_one(alarm: Alarm, fleet: FleetLog) -> None:
    pending, firing = fleet.alerts()
    alarm.room.control(*fleet.control)
    found: list[Alert] = []
    deadline = time.monotonic() + SLOW_SECONDS
    alarm.tell(silence("web-1", 0, firing.occurred_at_ms))
    # What it knows may be a second old: alerts come until one is covered.
    for alert in read(alarm, threading.Event()):
        found.append(alert)
        if alert.is_quiet:
            break
        if not alert.transition:
            put_state(alarm, fleet)
        assert time.monotonic() < deadline, "no alert was covered"
        alarm.tell(silence("web-1", alert.transition + 1, firing.occurred_at_ms))

    assert [one.is_quiet for one in found] == [False] * (len(found) - 1) + [True]
    assert len(found) > 1, "the first came before the environment's was in the log"
    assert found[-1].inhibited_by == pending.alert_id


def test_after_a_restart_it_knows_what_was_while_it_was_away(alarm: Alarm, fleet: FleetLog) -> None:
    _, firing = fleet.alerts()
    fleet.statuses("ok", *WEB[:3])
    fleet.run(20)
    ended = fleet.alerts()[-1]
    assert ended.state == "resolved"
    alarm.room.control(*fleet.control)
    put_state(alarm, fleet)
    alarm.tell(silence("web-1", 0, firing.occurred_at_ms), silence("web-1", 1, ended.occurred_at_ms + 1))
    alarm.tell(transition("web-1", "a-web-1", 2, occurred_at_ms=firing.occurred_at_ms, suppressed_by=()))

    reading = read(alarm, threading.Event())
    assert [next(reading).inhibited_by for _ in range(3)] == [firing.alert_id, "", ""]


@pytest.mark.usefixtures("fleet")
def test_a_login_that_may_not_know_it_is_told_so_at_the_start(alarm: Alarm) -> None:
    with pytest.raises(AuthError, match="or leave out inhibit"):
        next(read(alarm, threading.Event(), "bridge"))
