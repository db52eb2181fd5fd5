"""The proof of history: a stack with simulated servers runs for minutes while rules change; then Kafka and ClickHouse,
three times each, give the live alert stream again, byte for byte; and its end once more, from the state of the day.

Run it with ``make prove-history-replay``, or ``MINUTES=30 make prove-history-replay``.
"""

import json
import os
import random
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from support.stack import Stack

pytestmark = [pytest.mark.kafka, pytest.mark.clickhouse, pytest.mark.slow]

MINUTES = float(os.environ.get("MINUTES", "10"))
SERVERS = int(os.environ.get("SERVERS", "50"))
CHANGE_SECONDS = 20.0
SETTLE_SECONDS = 45
END_SECONDS = 120
SNAPSHOT_MINUTES = 10.0
"""By then the state of the day was taken, that of the fleet too, which the processor writes every five minutes."""
TIMES = 3
ORIGINS = ("kafka", "clickhouse")


def change(stack: "Stack", chance: random.Random) -> None:
    """A limit, a rule for some, or the end of one, as people do it; low limits, so that much happens."""
    low = f"{chance.uniform(0.05, 0.7):.2f}"
    busy = ("rule", "set", "busy", "--metric", "system.cpu.busy")
    commands = [
        (*busy, "--limit", f"warning={low}", "--for", "warning=30"),
        (*busy, "--limit", f"critical={low}", "--limit", "warning=0.03"),
        ("rule", "set", "memory", "--metric", "system.memory.available.ratio", "--operator", "<=", "--limit",
         f"info={low}"),
        ("rule", "set", "disk", "--metric", "system.filesystem.utilization", "--window", "avg:60", "--limit",
         f"info={low}"),
        ("rule", "set", "busy", "--scope", "environment=production"),
        ("rule", "set", "busy", "--scope", "global"),
        ("rule", "delete", "memory"),
    ]  # fmt: skip
    stack.command(*chance.choice(commands))


def moment(after_seconds: float) -> str:
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(time.time() + after_seconds))}Z"


def replay(stack: "Stack", origin: str, until: str, *more: str) -> Any:
    began = time.perf_counter()
    done = stack.command("replay", "--from", origin, "--until", until, "--json", *more)
    assert done.stdout, done.stderr
    found = json.loads(done.stdout)
    alerts = [one["alerts"] for one in found["streams"]]
    print(
        f"{origin}: {found['records']:,} records, {found['samples']:,} samples, alerts {alerts}, equal "
        f"{found['equal']}, exact {found['exact']} {found['doubts']} in {time.perf_counter() - began:.1f} s",
        flush=True,
    )
    for one in found["streams"]:
        print(f"  {one['partition']}: {one['sha256']} {one['verdict']}")
    return found


def test_kafka_and_clickhouse_give_the_live_stream_again(tmp_path: Path) -> None:
    from support.stack import running_stack

    chance = random.Random(3)
    with running_stack(tmp_path, SERVERS) as stack:
        end = time.monotonic() + MINUTES * 60
        while time.monotonic() < end:
            change(stack, chance)
            time.sleep(min(CHANGE_SECONDS, max(0.0, end - time.monotonic())))  # the time that is to be replayed passes
        until, since = moment(0), moment(-END_SECONDS)
        time.sleep(SETTLE_SECONDS)  # what was judged until then is stored after that
        found = [replay(stack, origin, until) for _ in range(TIMES) for origin in ORIGINS]
        ends = [replay(stack, origin, until, "--since", since) for origin in ORIGINS]
        assert stack.stop() == 0
    assert all(one["equal"] and one["exact"] for one in found)
    sums = {tuple(stream["sha256"] for stream in one["streams"]) for one in found}
    assert len(sums) == 1
    assert all(one["equal"] and one["exact"] for one in ends)
    if MINUTES >= SNAPSHOT_MINUTES:
        assert all(one["samples"] < found[0]["samples"] for one in ends), "what the state covers is not judged again"
    assert sum(stream["alerts"] for stream in found[0]["streams"]) > SERVERS
