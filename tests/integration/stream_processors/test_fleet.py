"""Servers of one environment in two partitions fall silent together: one alert, whatever happens to the worker."""

import json
from pathlib import Path

import pytest
from pulsemon_schemas.partitioner import partition_for
from pulsemon_schemas.records import AlertEvent, ControlRecord
from support.kafka import Broker
from support.processor import Room, make_room, running_worker
from support.replay import differences
from support.waiting import wait_until
from support.worker_alerts import sample, wait_for_partitions

pytestmark = pytest.mark.kafka

SERVERS = ("web-1", "web-2", "web-3", "web-4")
PRODUCTION = "_env:production"
ABSENCE = {"kind": "absence", "stale_seconds": 2, "levels": {"critical": {"limit": 4}}}
FLEET = {"kind": "fleet", "levels": {"critical": {"limit": 0.5, "for_seconds": 3, "recovery": 0.2}}}
WAIT_SECONDS = 40.0


def put(entity_type: str, entity_id: str, body: object) -> ControlRecord:
    return ControlRecord(entity_type, entity_id, "put", -1, entity_id, "tests", "", "", json.dumps(body))


def about_production(room: Room) -> list[AlertEvent]:
    return [event for event in room.alerts() if event.server_id == PRODUCTION]


def wait_for(room: Room, state: str) -> AlertEvent:
    def look() -> AlertEvent | None:
        return next((event for event in about_production(room) if event.state == state), None)

    found = wait_until(look, WAIT_SECONDS, f"{state} alert of {PRODUCTION}")
    assert found is not None
    return found


def test_an_environment_falls_silent_and_is_back(kafka: Broker, tmp_path: Path) -> None:
    room = make_room(kafka, 2, "fleet")
    assert {partition_for(server_id.encode(), 2) for server_id in SERVERS} == {0, 1}
    room.control(put("rule", "server_down", ABSENCE), put("rule", "fleet_silent", FLEET))
    room.control(*(put("server", server_id, {"environment": "production"}) for server_id in SERVERS))
    with running_worker(room, tmp_path / "first.log") as first:
        wait_for_partitions(room, first)
        room.send(sample(server_id, 0, 0.5) for server_id in SERVERS)
        pending = wait_for(room, "pending")
        first.kill()
    with running_worker(room, tmp_path / "second.log") as second:
        firing = wait_for(room, "firing")
        second.kill()
    with running_worker(room, tmp_path / "third.log") as third:
        wait_for_partitions(room, third)
        room.send(sample(server_id, 1, 0.5) for server_id in SERVERS)
        resolved = wait_for(room, "resolved")
        assert third.end() == 0

    assert {pending.alert_id, firing.alert_id, resolved.alert_id} == {pending.alert_id}
    assert [event.state for event in about_production(room)] == ["pending", "firing", "resolved"]
    assert (firing.labels, firing.value) == ("environment=production", 1.0)
    assert differences(room) == []
