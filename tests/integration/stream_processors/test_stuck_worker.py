"""A worker that stands still without a word: only the watchdog sees it."""

import re
from pathlib import Path

import pytest
from support.processor import Room, WorkerProcess
from support.waiting import wait_until

pytestmark = pytest.mark.kafka


def test_a_worker_that_takes_nothing_any_more_is_ended_with_a_message(room: Room, tmp_path: Path) -> None:
    changes = {"watchdog_seconds": 2.0, "round_seconds": 300.0}
    worker = WorkerProcess(room, tmp_path / "worker.log", changes, module="support.stuck_processor")
    worker.start()
    try:
        wait_until(lambda: worker.has_ended, 30, "the end of the worker")
    finally:
        worker.kill()
    assert worker.exit_code == 1
    message = r"The worker ends: partition \d has records up to \d+ and none from \d+ on was applied for [23] s; "
    assert re.search(message + "the worker ends, its successor goes on from the committed state", worker.log())
