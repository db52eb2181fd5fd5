"""A worker on a real broker, with the rights of its role and no more."""

import json
import re
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from pulsemon_schemas.records import AlertEvent, ControlRecord, MetricBatch
from support.batches import batch
from support.processor import Room, WorkerProcess, running_worker
from support.replay import differences
from support.waiting import wait_until

pytestmark = pytest.mark.kafka

BUSY = "system.cpu.busy"
READY_SECONDS = 30.0
START_MS = int(time.time() * 1000) - 60_000


def rule(limit: float, expected_version: int = -1, rule_id: str = "busy") -> ControlRecord:
    body = {"metric": BUSY, "levels": {"critical": {"limit": limit}}}
    return ControlRecord(
        "rule", rule_id, "put", expected_version, f"{rule_id}-{expected_version}", "tests", "", "", json.dumps(body)
    )


def sample(server_id: str, sequence: int, value: float, **changes: Any) -> MetricBatch:
    at_ms = START_MS + 1000 * sequence
    fields = {
        "server_id": server_id,
        "producer_id": f"producer-{server_id}",
        "sequence": sequence,
        "recorded_at_ms": at_ms,
        "sent_at_ms": at_ms,
        "names": (BUSY,),
        "labels": ("",),
        "values": (value,),
    }
    return batch(**(fields | changes))


def wait_for_alert(room: Room, server_id: str, state: str) -> AlertEvent:
    def look() -> AlertEvent | None:
        return next((one for one in room.alerts() if (one.server_id, one.state) == (server_id, state)), None)

    found = wait_until(look, READY_SECONDS, f"{state} alert of {server_id}")
    assert found is not None
    return found


def wait_for_alerts(room: Room, server_ids: Iterable[str], state: str) -> None:
    def missing() -> set[str]:
        return set(server_ids) - {one.server_id for one in room.alerts() if one.state == state}

    wait_until(lambda: not missing(), READY_SECONDS, f"{state} alerts of all servers")


def test_a_rule_fires_and_resolves_and_its_events_are_readable(room: Room, tmp_path: Path) -> None:
    room.control(rule(0.9))
    with running_worker(room, tmp_path / "worker.log") as worker:
        wait_for_partitions(room, worker)
        room.send([sample("web-1", 0, 0.5), sample("web-1", 1, 0.95)])
        firing = wait_for_alert(room, "web-1", "firing")
        room.send([sample("web-1", 2, 0.1)])
        resolved = wait_for_alert(room, "web-1", "resolved")

        assert (firing.rule_id, firing.rule_version, firing.value, firing.limit) == ("busy", 0, 0.95, 0.9)
        assert resolved.alert_id == firing.alert_id
        assert worker.end() == 0


def test_a_worker_that_starts_again_goes_on_where_the_last_one_was(room: Room, tmp_path: Path) -> None:
    room.control(rule(0.9))
    with running_worker(room, tmp_path / "first.log") as first:
        wait_for_partitions(room, first)
        room.send([sample("web-1", 0, 0.95), sample("web-2", 0, 0.95)])
        firing = wait_for_alert(room, "web-1", "firing")
        first.kill()
    room.send([sample("web-1", 1, 0.1)])
    with running_worker(room, tmp_path / "second.log") as second:
        resolved = wait_for_alert(room, "web-1", "resolved")
        assert second.end() == 0
    with running_worker(room, tmp_path / "third.log") as third:
        room.send([sample("web-2", 1, 0.1)])
        wait_for_alert(room, "web-2", "resolved")
        assert third.end() == 0

    assert resolved.alert_id == firing.alert_id
    assert len({event.event_id for event in room.alerts()}) == len(room.alerts()) == 4
    assert differences(room) == []


def test_two_workers_share_the_partitions_and_one_takes_over(room: Room, tmp_path: Path) -> None:
    room.control(rule(0.9))
    servers = [f"web-{number}" for number in range(12)]
    with running_worker(room, tmp_path / "one.log") as one, running_worker(room, tmp_path / "two.log") as two:
        wait_until(lambda: shares(one, two), READY_SECONDS, "both workers with partitions of their own")
        wait_for_partitions(room, one, two)
        room.send([sample(server, 0, 0.95) for server in servers])
        wait_for_alerts(room, servers, "firing")
        assert one.end() == 0
        room.send([sample(server, 1, 0.1) for server in servers])
        wait_for_alerts(room, servers, "resolved")
        assert two.end() == 0

    assert differences(room) == []


def wait_for_partitions(room: Room, *workers: WorkerProcess) -> None:
    """Until the workers have all partitions in one generation: each then has its first Tick, and the rules in it."""

    def newest() -> set[str]:
        found = [
            one
            for worker in workers
            for one in re.findall(r"Partition (\d+) is ours in generation (\d+)", worker.log())
        ]
        generation = max((int(one[1]) for one in found), default=0)
        return {one[0] for one in found if int(one[1]) == generation}

    wait_until(lambda: len(newest()) == room.partition_count, READY_SECONDS, "all partitions")


def shares(*workers: WorkerProcess) -> bool:
    """Whether each worker has partitions of its own in the newest generation."""
    newest = [re.findall(r"Partition (\d+) is ours in generation (\d+)", worker.log()) for worker in workers]
    generation = max((int(found[1]) for every in newest for found in every), default=0)
    return all(any(int(found[1]) == generation for found in every) for every in newest)
