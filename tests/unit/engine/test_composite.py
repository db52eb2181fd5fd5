"""Composites: conditions on several series of one server, judged together at the end of a batch."""

from typing import Any

import pytest
from support.engine import Log

USED, LEFT = "system.filesystem.utilization", "system.filesystem.available"
GIB = 2.0**30
SPACE: dict[str, Any] = {
    "kind": "composite",
    "by": ["mountpoint"],
    "when": "used and low",
    "operands": {
        "used": {"metric": USED, "limit": {"warning": 0.85, "critical": 0.95}, "recovery": 0.8},
        "low": {"metric": LEFT, "operator": "<", "limit": {"warning": 20 * GIB, "critical": 5 * GIB}},
    },
    "levels": {"warning": {}, "critical": {}},
}


def _log(*bodies: dict[str, Any]) -> Log:
    log = Log()
    for number, body in enumerate(bodies):
        log.configure(f"rule/r{number}", body)
    log.tick()
    return log


def _disk(mountpoint: str, used: float, left_gib: float) -> dict[str, float]:
    return {
        f"{USED}|device=d,mountpoint={mountpoint}": used,
        f"{LEFT}|mountpoint={mountpoint}": left_gib * GIB,
    }


def _of(when: str, operands: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A composite with one level; operands are ``metric`` or what differs from >= 1."""
    made = {name: {"metric": f"m.{name}", "limit": 1} | one for name, one in operands.items()}
    return {"kind": "composite", "when": when, "operands": made, "levels": {"warning": {}}} | more


def test_percent_and_bytes_of_the_same_filesystem() -> None:
    log = _log(SPACE)
    big, small = _disk("/big", 0.97, 400), _disk("/small", 0.97, 3)
    log.run({**big, **small, **_disk("/", 0.5, 2)}, 30)
    [event] = log.alerts()
    assert (event.labels, event.state, event.level) == ("mountpoint=/small", "firing", "critical")
    assert (event.metric, event.value, event.limit, event.window_function) == (USED, 0.97, 0.95, "last")
    assert event.reason == f"used 0.97 >= 0.95, low {3 * GIB:g} < {5 * GIB:g}"
    assert event.calm_value is not None
    assert event.calm_value < 0.95


def test_each_level_has_limits_of_its_own_and_recovery_holds() -> None:
    log = _log(SPACE)
    for used, left in ((0.9, 10), (0.96, 4), (0.82, 4), (0.79, 4), (0.9, 30)):
        log.run(_disk("/", used, left), 20)
    assert log.story() == ["firing warning", "firing critical", "resolved critical"]


def test_a_level_may_say_another_condition() -> None:
    body = _of("a and b", {"a": {}, "b": {}}, levels={"warning": {}, "critical": {"when": "a and not b"}})
    log = _log(body)
    log.run({"m.a": 1, "m.b": 1}, 10)
    log.run({"m.a": 1, "m.b": 0}, 10)
    assert log.story() == ["firing warning", "firing critical"]


@pytest.mark.parametrize(
    ("over", "values", "fires"),
    [
        ({"over": "any"}, (0, 1, 0), True),
        ({"over": "any"}, (0, 0, 0), False),
        ({"over": "all"}, (1, 1, 0), False),
        ({"over": "all"}, (1, 1, 1), True),
        ({"over": "at_least", "count": 2}, (1, 0, 0), False),
        ({"over": "at_least", "count": 2}, (1, 0, 1), True),
    ],
)
def test_over_instances(over: dict[str, Any], values: tuple[float, ...], fires: bool) -> None:
    log = _log(_of("a", {"a": over}))
    log.run({f"m.a|disk={disk}": value for disk, value in zip("xyz", values, strict=True)}, 20)
    assert log.story() == (["firing warning"] if fires else [])


def test_conditions_counted_by_at_least() -> None:
    log = _log(_of("at_least(2, a, b, c)", {"a": {}, "b": {}, "c": {}}))
    log.run({"m.a": 1, "m.b": 0, "m.c": 0}, 20)
    log.run({"m.a": 0, "m.b": 1, "m.c": 1}, 20)
    log.run({"m.a": 0, "m.b": 0, "m.c": 1}, 20)
    assert log.story() == ["firing warning", "resolved warning"]


def test_a_ratio_of_two_series() -> None:
    window = {"function": "delta", "seconds": 60, "counter": True}
    divisor = {"metric": "packets", "window": window}
    ratio = {"metric": "errors", "window": window, "limit": 0.01, "divide_by": divisor}
    log = _log(_of("a", {"a": ratio}, by=["nic"]))
    for number in range(12):
        log.run({"errors|nic=x": number, "packets|nic=x": 50 * number, "errors|nic=y": 0, "packets|nic=y": 0}, 10)
    [event] = log.alerts()
    assert (event.labels, event.value) == ("nic=x", 0.02)


def test_what_is_not_known_neither_fires_nor_resolves() -> None:
    log = _log(_of("a and b", {"a": {}, "b": {}}))
    log.run({"m.a": 1}, 60)
    assert log.story() == []
    log.run({"m.a": 1, "m.b": 1}, 20)
    log.run({"m.a": 1}, 120)
    assert log.story() == ["firing warning"], "b is not known any more, which says nothing"
    log.run({"m.a": 0}, 10)
    assert log.story() == ["firing warning", "resolved warning"], "without a it cannot hold, whatever b is"


def test_an_or_holds_by_what_is_known() -> None:
    log = _log(_of("a or b", {"a": {}, "b": {}}))
    log.run({"m.a": 1}, 20)
    assert log.story() == ["firing warning"]
    log.run({"m.a": 0}, 20)
    assert log.story() == ["firing warning"], "b may hold"
    log.run({"m.a": 0, "m.b": 0}, 20)
    assert log.story() == ["firing warning", "resolved warning"]


def test_series_may_come_in_batches_of_several_producers() -> None:
    log = _log(_of("a and b", {"a": {}, "b": {}}))
    for _ in range(6):
        log.run({"m.a": 1}, 10)
        log.batch({"m.b": 1}, source="service", producer_id="shop")
    assert log.story() == ["firing warning"]


def test_time_does_not_count_while_it_is_not_known() -> None:
    log = _log(_of("a and b", {"a": {}, "b": {}}, levels={"warning": {"for_seconds": 60}}))
    log.run({"m.a": 1, "m.b": 1}, 20)
    log.run({"m.a": 1}, 60)
    log.run({"m.a": 1, "m.b": 1}, 60)
    assert log.story() == ["pending warning", "expired warning", "pending warning"]
    log.run({"m.a": 1, "m.b": 1}, 10)
    assert log.story()[-1] == "firing warning"


def test_without_its_lead_for_long_it_is_unknown() -> None:
    log = _log(_of("a and b", {"a": {}, "b": {}}))
    log.run({"m.a": 1, "m.b": 1}, 30)
    log.run({"m.b": 1}, 400)
    assert log.story() == ["firing warning", "unknown warning"]
    log.run({"m.a": 1, "m.b": 1}, 10)
    assert log.story()[-1] == "firing warning"


def test_the_narrowest_rule_of_a_family_judges_whatever_its_kind() -> None:
    for narrow, wide in (("threshold", "composite"), ("composite", "threshold")):
        bodies = {
            "composite": _of("a", {"a": {}}, family="f"),
            "threshold": {"metric": "m.a", "family": "f", "levels": {"warning": {"limit": 1}}},
        }
        log = _log(bodies[wide], {**bodies[narrow], "scope": {"kind": "server", "value": "web-1"}})
        log.run({"m.a": 1}, 10)
        assert [event.rule_id for event in log.alerts()] == ["r1"]


def test_an_edit_goes_on_and_what_changes_its_instances_ends_it() -> None:
    body = _of("a and b", {"a": {}, "b": {}})
    log = _log(body)
    log.run({"m.a|d=x": 1, "m.b|d=x": 1}, 20)
    log.configure("rule/r0", {**body, "when": "a or b"})
    log.run({"m.a|d=x": 1, "m.b|d=x": 0}, 20)
    log.configure("rule/r0", {**body, "when": "a", "by": ["d"]})
    log.run({"m.a|d=x": 1, "m.b|d=x": 0}, 20)
    assert [(event.state, event.labels) for event in log.alerts()] == [
        ("firing", ""), ("expired", ""), ("firing", "d=x"),
    ]  # fmt: skip
    log.configure("rule/r0", None)
    log.run({"m.a|d=x": 1}, 10)
    assert log.story()[-1] == "expired warning"


def test_an_instance_of_a_composite_has_a_rule_of_its_own() -> None:
    body = _of("a", {"a": {}}, by=["d"], family="f")
    scope = {"kind": "instance", "value": "web-1", "labels": {"d": "x"}}
    log = _log(body, {**body, "scope": scope, "levels": {}})
    log.run({"m.a|d=x": 1, "m.a|d=y": 1}, 20)
    assert [event.labels for event in log.alerts()] == ["d=y"]


def test_series_without_the_labels_that_join_have_no_place() -> None:
    log = _log(_of("a", {"a": {}}, by=["d"]))
    log.run({"m.a": 1}, 20)
    assert log.story() == []
