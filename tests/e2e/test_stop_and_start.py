"""Ctrl-C stops everything and leaves nothing behind; the data survives, and the next start continues."""

from pathlib import Path

import psutil
import pytest
from support.stack import Stack, running_stack
from support.waiting import wait_until

pytestmark = [pytest.mark.kafka, pytest.mark.clickhouse]


def batches(stack: Stack) -> list[tuple[str, int, str]]:
    """producer_id, sequence and previous_producer_id of what is stored from the agent, in order of time."""
    database = stack.own.clickhouse_reader().database
    sql = (
        f"SELECT producer_id, sequence, previous_producer_id FROM {database}.batches FINAL "
        "WHERE source = 'agent' ORDER BY recorded_at"
    )
    with stack.store() as store:
        rows = store.rows(sql)
    return [(str(row[0]), int(row[1]), str(row[2])) for row in rows]


def left_behind(stack: Stack) -> list[str]:
    """Command lines of processes that belong to this installation's home."""
    home = str(stack.own.home.root)
    found = []
    for process in psutil.process_iter():
        try:
            line = process.cmdline()
            if any(home in word for word in line) or process.environ().get("PULSEMON_LOCAL_HOME") == home:
                found.append(" ".join(line))
        except psutil.Error:
            continue
    return found


def test_nothing_stays_behind_and_the_next_start_continues(tmp_path: Path) -> None:
    with running_stack(tmp_path, settings={"PULSEMON_AGENT_INTERVAL_SECONDS": "1"}) as stack:
        wait_until(lambda: batches(stack), 20.0, "the first batches in the store")
        roles = stack.state.roles if stack.state else ()
        assert all(role.pid == 0 or psutil.pid_exists(role.pid) for role in roles)
        assert stack.stop() == 0
        wait_until(lambda: not left_behind(stack), 5.0, "no process of the home is left")

        stack.start()
        first = batches(stack)
        producer, last = first[-1][0], max(row[1] for row in first if row[0] == first[-1][0])

        def continued() -> bool:
            return any(row[2] == producer and row[0] != producer for row in batches(stack))

        wait_until(continued, 20.0, "the new producer names the old one")
        sequences = sorted(row[1] for row in batches(stack) if row[0] == producer)
        assert sequences == list(range(len(sequences)))
        assert sequences[-1] >= last
        assert "everything is ready" in stack.console
