"""A worker on a real broker, with the rights of its role and no more."""

import re
from pathlib import Path

import pytest
from support.processor import Room, WorkerProcess, running_worker
from support.replay import differences
from support.waiting import wait_until
from support.worker_alerts import READY_SECONDS, rule, sample, wait_for_alert, wait_for_alerts, wait_for_partitions

pytestmark = pytest.mark.kafka


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


def shares(*workers: WorkerProcess) -> bool:
    """Whether each worker has partitions of its own in the newest generation."""
    newest = [re.findall(r"Partition (\d+) is ours in generation (\d+)", worker.log()) for worker in workers]
    generation = max((int(found[1]) for every in newest for found in every), default=0)
    return all(any(int(found[1]) == generation for found in every) for every in newest)
