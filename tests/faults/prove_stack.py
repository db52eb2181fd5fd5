"""The long proof of the stack: under simulated load every part is killed five times, in random order at random moments.

All comes back by itself, and what the broker acknowledged is stored once: counted by (producer_id, sequence) and by
samples. ``make prove-stack`` runs it and prints what it counted.
"""

import json
import random
import time
from pathlib import Path

import pytest
from support.audit import audit, sequences_without_holes
from support.stack import running_stack
from support.waiting import wait_until

pytestmark = [pytest.mark.kafka, pytest.mark.clickhouse, pytest.mark.slow]

SERVERS = 50
KILLS_EACH = 5
KILLED = ("agent", "sink", "processor", "clickhouse", "kafka")
PAUSE_SECONDS = (0.5, 8.0)
BACK_SECONDS = 90.0


def test_five_kills_of_each_part_lose_and_double_nothing(tmp_path: Path) -> None:
    seed = time.time_ns()
    order = [name for name in KILLED for _ in range(KILLS_EACH)]
    dice = random.Random(seed)
    dice.shuffle(order)
    slowest: dict[str, float] = {}
    with running_stack(tmp_path, demo_servers=SERVERS) as stack:
        wait_until(lambda: stack.role("history").state == "done", 300.0, "the history is written")
        for name in order:
            time.sleep(dice.uniform(*PAUSE_SECONDS))  # the moment of a kill has to be any moment
            killed_at = time.monotonic()
            stack.wait_back(name, stack.kill(name), BACK_SECONDS)
            slowest[name] = max(slowest.get(name, 0.0), time.monotonic() - killed_at)
        wait_until(
            lambda: stack.command("doctor", "--json").returncode == 0, BACK_SECONDS, "the doctor finds nothing wrong"
        )
        found = audit(stack)
        sequences_without_holes(stack)
        report = {
            "seed": seed,
            "kills": len(order),
            "batches": found.batches,
            "samples": found.samples,
            "producers": found.producers,
            "ticks": found.ticks,
            "slowest_back_seconds": {name: round(seconds, 1) for name, seconds in slowest.items()},
        }
        print(json.dumps(report))
        assert stack.stop() == 0
