"""Windows that come again, at real gateways: written once by whichever looks first, and 60 days ahead."""

import json
import time
import uuid

import pytest
from pulsemon_deploy.control_log import opened, write
from pulsemon_producers.gateway.control.expansion import AUTHOR
from pulsemon_schemas.quiet_windows import expanded
from pulsemon_schemas.records import ControlRecord
from support.control_api import FRESH, ask, etag, new_token
from support.gateways import Gateway, running_gateway
from support.kafka import Broker
from support.waiting import wait_until

pytestmark = pytest.mark.kafka

NIGHTLY = {"rrule": "FREQ=DAILY", "starts_at": "2026-01-01T02:00", "zone": "Europe/Berlin", "duration_seconds": 3600}
DAY_MS = 86_400_000


@pytest.fixture(scope="module", name="token")
def all_scopes(gateway: Gateway) -> str:
    return new_token(gateway)[0]


@pytest.fixture
def window_id() -> str:
    return f"window-{uuid.uuid4().hex[:12]}"


def test_a_recurrence_is_put_and_answered_with_its_dated_intervals(
    gateway: Gateway, token: str, window_id: str
) -> None:
    body = {"scope": {"kind": "environment", "value": "prod"}, "recurrence": NIGHTLY, "comment": "backups"}
    made = ask(gateway, "PUT", f"/maintenance/{window_id}", token, body, FRESH)
    assert made.status == 201, made
    intervals = made.json["body"]["intervals"]
    now_ms = time.time() * 1000
    assert 60 <= len([one for one in intervals if one[0] > now_ms]) <= 69
    assert {end - start for start, end in intervals} == {3_600_000}
    wrong = {**body, "recurrence": {**NIGHTLY, "zone": "Mars/Olympus"}}
    refused = ask(gateway, "PUT", f"/maintenance/{window_id}", token, wrong, etag(made))
    assert (refused.problem, refused.json["errors"][0]["pointer"]) == ("entity-invalid", "/recurrence/zone")
    once = ask(gateway, "PUT", f"/silences/{window_id}", token, {"intervals": [[0, 1]]}, FRESH)
    assert (once.status, once.json["body"]) == (201, {"intervals": [[0, 1]]})
    assert ask(gateway, "PUT", f"/silences/{window_id}-b", token, {}, FRESH).problem == "entity-invalid"


def test_what_is_due_is_written_once_by_two_gateways(
    kafka: Broker, gateway: Gateway, token: str, window_id: str
) -> None:
    """Both start, and look, with the same versions in the log."""
    windows = [f"{window_id}-{number}" for number in range(10)]
    old_ms = round(time.time() * 1000) - 30 * DAY_MS
    body = json.dumps(expanded("maintenance", window_id, {"recurrence": NIGHTLY}, old_ms))
    records = [ControlRecord("maintenance", one, "put", -1, "c", "ann", "", "", body) for one in windows]
    write(kafka.settings_for("operator"), records, "pulsemon-operator-test")
    with running_gateway(kafka) as first, running_gateway(kafka) as second:
        for at in (first, second):
            wait_until(lambda at=at: all(is_written(at, token, one) for one in windows), 10, "all to be expanded")  # type: ignore[misc]
    with opened(kafka.settings_for("operator"), "pulsemon-operator-test") as log:
        for one in windows:
            made = [change for change in log.of("maintenance", one) if not change.verdict.void]
            assert [change.record.author for change in made] == ["ann", AUTHOR]
            assert json.loads(made[-1].record.body)["intervals"][-1][1] > (time.time() + 60 * 86_400) * 1000


def is_written(gateway: Gateway, token: str, window_id: str) -> bool:
    return bool(ask(gateway, "GET", f"/maintenance/{window_id}", token).json["author"] == AUTHOR)
