"""A rule, samples that cross its limit, and waiting for what a worker says about them."""

import json
import re
import time
from collections.abc import Iterable
from typing import Any

from pulsemon_schemas.records import AlertEvent, ControlRecord, MetricBatch
from support.batches import batch
from support.processor import Room, WorkerProcess
from support.waiting import wait_until

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
