"""A worker that finds a long backlog of large batches keeps to its bound of memory, and is through in time.

Run it with ``make prove-backlog``; it takes a minute.
"""

import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from support.kafka import Broker

pytestmark = [pytest.mark.kafka, pytest.mark.slow]

SERVERS, STEPS, SAMPLES = 100, 300, 180
MAX_MEGABYTES = 190
"""A worker without a backlog takes 85 MB; 64 MB may wait, the rest are fetches under way."""


def test_a_backlog_of_large_batches_does_not_fill_the_memory(kafka: "Broker", tmp_path: Path) -> None:
    from dataclasses import replace

    from pulsemon_schemas.rules import default_records
    from support.batches import batch
    from support.processor import make_room, running_worker, wait_for_commit

    room = make_room(kafka)
    room.control(*default_records())
    names = tuple(f"system.plain.a_metric_with_a_usual_name_{number:03d}" for number in range(SAMPLES))
    now_ms = int(time.time() * 1000) - STEPS * 10_000
    for step in range(STEPS):
        room.send(
            replace(
                batch(),
                server_id=f"server-{number}",
                producer_id=f"producer-{number}",
                sequence=step,
                recorded_at_ms=now_ms + step * 10_000,
                sent_at_ms=now_ms + step * 10_000,
                names=names,
                labels=("",) * SAMPLES,
                values=tuple(float(step + number) for number in range(SAMPLES)),
            )
            for number in range(SERVERS)
        )
    began = time.monotonic()
    with running_worker(room, tmp_path / "worker.log", round_seconds=5.0) as worker:
        wait_for_commit(room, room.ends(), 120.0)
        assert worker.process is not None
        status = Path(f"/proc/{worker.process.pid}/status").read_text()
        megabytes = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) / 1024
        seconds = time.monotonic() - began
        assert worker.end() == 0
    print(
        f"\n{SERVERS * STEPS} batches of {SAMPLES} samples: at most {megabytes:.0f} MB, {seconds:.1f} s from the start"
    )
    assert megabytes <= MAX_MEGABYTES
