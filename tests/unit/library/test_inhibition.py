"""Which alerts about silent servers the one about their environment covers, for programs that read alerts."""

import pytest
from pulsemon.alerts import Alert
from pulsemon.alerts.environments import Environments
from pulsemon.testing import example_alert
from pulsemon_schemas.records import AlertEvent, ControlRecord
from pulsemon_schemas.rules.environments import environment_id
from support.alerts import transition
from support.engine import control_record

START_MS, FIRED_MS, END_MS = 1_780_000_000_000, 1_780_000_060_000, 1_780_000_300_000


def server(name: str, environment: str, version: int = -1) -> ControlRecord:
    return control_record(f"server/{name}", {"environment": environment}, version)


def of_environment(
    environment: str, state: str, previous: str = "", at_ms: int = FIRED_MS, alert: str = "e1"
) -> AlertEvent:
    return transition(
        environment_id(environment),
        alert,
        state=state,
        previous_state=previous,
        metric="",
        started_at_ms=START_MS,
        occurred_at_ms=at_ms,
    )


def silent(name: str, at_ms: int = FIRED_MS) -> Alert:
    return example_alert(server_id=name, metric="", occurred_at_ms=at_ms)


def environments(*alerts: AlertEvent) -> Environments:
    found = Environments()
    for offset, (name, environment) in enumerate([("web-1", "prod"), ("test-1", "test")]):
        found.configure(offset, server(name, environment))
    for one in alerts:
        found.take(one)
    return found


@pytest.mark.parametrize("state", ["pending", "firing", "acknowledged", "unknown"])
def test_the_open_alert_of_its_environment_covers_a_silent_server(state: str) -> None:
    found = environments(of_environment("prod", state))

    assert found.inhibitor(silent("web-1")) == "e1"
    assert found.inhibitor(silent("test-1")) == "", "of another environment"
    assert found.inhibitor(silent("unknown")) == "", "of no environment"
    assert found.inhibitor(example_alert(server_id="web-1", occurred_at_ms=FIRED_MS)) == "", "not about silence"
    assert found.inhibitor(silent(environment_id("prod"))) == "", "the alert itself"


def test_servers_without_an_environment_form_one() -> None:
    assert environments(of_environment("", "firing")).inhibitor(silent("unknown")) == "e1"


def test_it_covers_what_happened_while_it_was_there() -> None:
    found = environments(of_environment("prod", "firing"))
    assert found.inhibitor(silent("web-1", START_MS - 1)) == "", "it pages: the environment's began later"

    found.take(of_environment("prod", "resolved", "firing", END_MS))
    assert found.inhibitor(silent("web-1", END_MS)) == "e1", "read late, after a restart"
    assert found.inhibitor(silent("web-1", END_MS + 1)) == ""


def test_one_that_ended_without_firing_or_is_forgotten_covers_nothing() -> None:
    found = environments(of_environment("prod", "pending"), of_environment("prod", "expired", "pending"))
    assert found.inhibitor(silent("web-1")) == ""

    found.take(of_environment("prod", "firing"))
    found.forget("e1")
    assert found.inhibitor(silent("web-1")) == ""


def test_a_server_that_moved_is_where_its_newest_valid_version_says() -> None:
    found = environments(of_environment("prod", "firing"))
    found.configure(5, server("test-1", "prod", version=1))
    found.configure(6, server("web-1", "test", version=99))
    assert (found.inhibitor(silent("test-1")), found.inhibitor(silent("web-1"))) == ("e1", "e1"), "the last is void"


def test_it_keeps_the_newest_alerts_alone() -> None:
    found = Environments(max_alerts=1)
    found.configure(0, server("web-1", "prod"))
    for alert, environment in (("e1", "prod"), ("e2", "test")):
        found.take(of_environment(environment, "firing", alert=alert))
    assert found.inhibitor(silent("web-1")) == ""
