"""Rules about groups of servers: fewer than three of five are healthy."""

from typing import Any

from support.fleet_log import FleetLog

DB = tuple(f"db-{number}" for number in range(5))
QUORUM: dict[str, Any] = {
    "kind": "group",
    "scope": {"kind": "role", "value": "db"},
    "by": ["environment"],
    "min_servers": 5,
    "levels": {"critical": {"limit": 3, "for_seconds": 30}},
}


def _fleet(body: dict[str, Any] = QUORUM) -> FleetLog:
    log = FleetLog(2)
    log.configure("rule/db_quorum", body)
    for number, server_id in enumerate(DB):
        profile = {"environment": "production", "role": "db", "labels": {"rack": "a" if number < 3 else "b"}}
        log.configure(f"server/{server_id}", profile)
    log.configure("server/web-1", {"environment": "production", "role": "web"})
    log.tick()
    log.statuses("ok", *DB, "web-1")
    log.run(10)
    return log


def _told(log: FleetLog) -> list[tuple[str, str, float | None, str]]:
    return [(event.server_id, event.state, event.value, event.reason) for event in log.alerts()]


def test_fewer_than_three_of_five_healthy() -> None:
    log = _fleet()
    log.statuses("warning", DB[0])
    log.statuses("down", *DB[1:3])
    log.run(40)
    assert _told(log) == []
    log.statuses("critical", DB[3])
    log.run(40)
    name = "_env:db_quorum{environment=production}"
    assert _told(log) == [
        (name, "pending", 2.0, "2 of 5 servers are healthy"),
        (name, "firing", 2.0, "2 of 5 servers are healthy"),
    ]
    [_, event] = log.alerts()
    assert (event.rule_id, event.metric, event.labels) == ("db_quorum", "", "environment=production")
    assert (event.limit, event.calm_value, event.sample_count, event.window_function) == (3.0, 3.0, 5, "healthy")
    log.statuses("ok", DB[3])
    log.run(10)
    assert log.alerts()[-1].state == "resolved"


def test_maintenance_is_not_healthy_and_a_retired_server_is_gone() -> None:
    log = _fleet({**QUORUM, "min_servers": 4})
    log.statuses("maintenance", *DB[:3])
    log.run(40)
    assert log.alerts()[-1].state == "firing"
    log.statuses("retired", *DB[:2])
    log.run(10)
    last = log.alerts()[-1]
    assert (last.state, last.reason) == ("expired", "3 servers are left, and the rule needs 4")


def test_groups_are_told_apart_by_labels_and_judged_by_share() -> None:
    body = {**QUORUM, "by": ["rack"], "value": "share", "min_servers": 2, "levels": {"warning": {"limit": 0.5}}}
    log = _fleet(body)
    log.statuses("down", DB[0], DB[1])
    log.run(10)
    [event] = log.alerts()
    assert (event.labels, event.value) == ("rack=a", 1 / 3)


def test_a_rule_that_goes_or_cannot_be_read_ends_its_alerts_and_says_why() -> None:
    for body, reason in ((None, "deleted or disabled"), ({"kind": "group", "by": 3}, "cannot be read")):
        log = _fleet()
        log.statuses("down", *DB[:3])
        log.run(40)
        version = log.configure("rule/db_quorum", body)
        log.run(10)
        last = log.alerts()[-1]
        assert last.state == "expired"
        assert reason in last.reason
        if body is not None:
            engine = log.engine()
            for record in log.records():
                engine.apply(record)
            assert list(engine.counters.failing_rules) == [("db_quorum", version)]


def test_people_acknowledge_it() -> None:
    log = _fleet()
    log.statuses("down", *DB[:3])
    log.run(40)
    event = log.alerts()[-1]
    body = {"alert_id": event.alert_id, "server_id": event.server_id, "command": "acknowledge"}
    log.configure("alert_command/c", body)
    log.run(10)
    assert log.alerts()[-1].state == "acknowledged"
