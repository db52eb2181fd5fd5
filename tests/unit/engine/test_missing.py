"""Series that do not come: what each policy makes of it, and rules that want a series to be there."""

from typing import Any

import pytest
from support.engine import Log


def _log(body: dict[str, Any], **more: Any) -> Log:
    log = Log()
    log.configure("rule/r", body)
    for name, other in more.items():
        log.configure(f"rule/{name}", other)
    log.tick()
    return log


def _threshold(no_data: str) -> dict[str, Any]:
    return {"metric": "m.a", "levels": {"info": {"limit": 5}, "warning": {"limit": 8}}, "no_data": no_data}


MISSING = {"kind": "missing", "metric": "m.a", "levels": {"warning": {"limit": 120}, "critical": {"limit": 600}}}
DOWN = {"kind": "absence", "levels": {"warning": {"limit": 90}}}


@pytest.mark.parametrize(
    ("no_data", "story"),
    [
        ("unknown", ["firing warning", "unknown warning", "resolved warning"]),
        ("keep", ["firing warning", "resolved warning"]),
        ("ok", ["firing warning", "resolved warning"]),
        ("alert", ["firing warning", "resolved warning"]),
    ],
)
def test_an_alert_whose_series_goes(no_data: str, story: list[str]) -> None:
    log = _log(_threshold(no_data))
    log.run({"m.a": 9}, 30)
    log.run({"m.b": 9}, 400)
    before = log.alerts()
    log.run({"m.a": 1}, 10)
    assert log.story() == story
    assert (before[-1].state == "resolved") == (no_data == "ok")


def test_nobody_resolves_what_is_kept_but_after_a_day_it_expires() -> None:
    log = _log(_threshold("keep"))
    log.run({"m.a": 9}, 30)
    for _ in range(24 * 60 * 4 + 40):
        log.wait(15)
        log.tick()
    assert log.story() == ["firing warning", "expired warning"]


def test_a_calm_series_that_goes_fires_where_its_rule_says_so_at_its_mildest_level() -> None:
    log = _log(_threshold("alert"))
    log.run({"m.a": 1}, 30)
    log.run({"m.b": 1}, 290)
    assert log.story() == []
    log.run({"m.b": 1}, 30)
    [event] = log.alerts()
    assert (event.state, event.level, event.value) == ("firing", "info", None)
    assert event.reason == "the series has no samples any more"
    log.run({"m.a": 1}, 10)
    assert log.story() == ["firing info", "resolved info"]


def test_a_series_goes_with_its_host_without_a_word() -> None:
    log = _log(_threshold("alert"), wanted=MISSING, down=DOWN)
    log.run({"m.a": 1}, 30)
    log.silence(3600)
    log.run({"m.b": 1}, 60)
    assert {event.rule_id for event in log.alerts()} == {"down"}
    log.run({"m.b": 1}, 90)
    assert [event.rule_id for event in log.alerts()][-1] == "wanted"


def test_any_series_of_a_metric_is_looked_for_from_the_first() -> None:
    log = _log(MISSING)
    log.run({"m.b": 1}, 110)
    assert log.story() == []
    log.run({"m.b": 1}, 600)
    log.run({"m.a|x=1": float("nan")}, 10)
    assert log.story() == ["firing warning", "firing critical", "resolved critical"]
    assert [event.reason for event in log.alerts()] == [
        "no sample for 120 s", "no sample for 600 s", "a sample is here again",
    ]  # fmt: skip


def test_instances_are_looked_for_once_they_were_there() -> None:
    log = _log({**MISSING, "by": ["disk"]})
    log.run({"m.b": 1}, 200)
    log.run({"m.a|disk=x": 1, "m.a|disk=y": 1}, 30)
    log.run({"m.a|disk=x": 1}, 150)
    [event] = log.alerts()
    assert (event.labels, event.metric, event.started_at_ms) == ("disk=y", "m.a", log.now_ms - 150_000)


def test_an_instance_that_stays_away_for_a_day_is_forgotten() -> None:
    log = _log({**MISSING, "by": ["disk"]})
    log.run({"m.a|disk=x": 1}, 30)
    log.run({"m.b": 1}, 24 * 3600 + 300, 15)
    assert log.story()[-1] == "expired critical"


def test_what_a_person_closed_does_not_fire_again_before_a_sample_came() -> None:
    for body, level in ((MISSING, "warning"), (_threshold("alert"), "info")):
        log = _log(body)
        log.run({"m.a": 1}, 30)
        log.run({"m.b": 1}, 330)
        alert = log.alerts()[0]
        command = {"alert_id": alert.alert_id, "server_id": "web-1", "command": "resolve"}
        log.configure("alert_command/c", command)
        log.run({"m.b": 1}, 60)
        assert log.story() == [f"firing {level}", f"resolved {level}"]
        log.run({"m.a": 1}, 10)
        log.run({"m.b": 1}, 330)
        assert len(log.alerts()) == 3
        assert log.alerts()[0].alert_id != log.alerts()[-1].alert_id


def test_a_hole_in_the_log_counts_for_nothing() -> None:
    log = _log(MISSING)
    log.run({"m.a": 1}, 30)
    log.wait(7200)
    log.run({"m.b": 1}, 100)
    assert log.story() == []


def test_the_rule_can_be_edited_and_taken_away() -> None:
    log = _log(MISSING)
    log.run({"m.b": 1}, 60)
    log.configure("rule/r", {**MISSING, "levels": {"warning": {"limit": 30}}})
    log.run({"m.b": 1}, 20)
    assert log.story() == ["firing warning"]
    log.configure("rule/r", None)
    log.run({"m.b": 1}, 20)
    assert log.story() == ["firing warning", "expired warning"]
