"""kill -9 of each part of a running stack: it comes back by itself, and what the broker had is stored once."""

from pathlib import Path

import pytest
from support.audit import audit, sequences_without_holes
from support.metrics_log import read_metrics
from support.stack import Stack, running_stack
from support.waiting import wait_until

pytestmark = [pytest.mark.kafka, pytest.mark.clickhouse]

KILLED = ("agent", "sink", "processor", "clickhouse", "kafka")


def log_size(stack: Stack) -> int:
    return sum(1 for _ in read_metrics(stack.own.kafka("operator")))


def test_every_part_comes_back_and_nothing_is_lost_or_doubled(tmp_path: Path) -> None:
    with running_stack(tmp_path, settings={"PULSEMON_AGENT_INTERVAL_SECONDS": "1"}) as stack:
        wait_until(lambda: log_size(stack) >= 3, 20.0, "batches in the log")
        for name in KILLED:
            old_pid = stack.kill(name)
            stack.wait_back(name, old_pid)
        size = log_size(stack)
        wait_until(lambda: log_size(stack) >= size + 3, 30.0, "new batches in the log")
        found = audit(stack)
        sequences_without_holes(stack)
        assert found.producers >= 2, "the agent's second life has a producer id of its own"
        assert found.samples > found.batches
        assert stack.stop() == 0
