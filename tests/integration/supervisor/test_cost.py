"""The supervisor itself is small, and idle it does nothing."""

import os
from pathlib import Path

import psutil
from support.supervised import service, supervised
from support.waiting import wait_until

RSS_BYTES = 35_000_000


def test_idle_it_does_not_wake_up(tmp_path: Path) -> None:
    with supervised(tmp_path, [service(f"role{number}") for number in range(6)]) as running:
        running.wait_ready()
        process = psutil.Process(running.process.pid)
        assert process.memory_info().rss < RSS_BYTES
        wakeups = process.num_ctx_switches().voluntary
        os.kill(running.role("role0").pid, 0)
        # Half a second without a single turn of the loop: anything that polls would show.
        import time

        until = time.monotonic() + 0.5
        wait_until(lambda: time.monotonic() >= until, 5, "half a second passed")
        assert process.num_ctx_switches().voluntary - wakeups <= 2
