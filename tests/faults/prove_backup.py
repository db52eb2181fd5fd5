"""The long proof of backups: `make prove-backup`.

A whole installation is copied while its agent, simulator, sink and processor work, with kills and a full disk on the
way; it is restored into a new home, with kills; and there everything goes on.
"""

import json
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pulsemon_deploy.backup.log_reading import log_records
from pulsemon_deploy.kafka.child import start_child
from pulsemon_schemas.topics import CONTROL
from support.small_disk import resize, small_disk
from support.stack import Stack, running_stack
from support.waiting import wait_until

pytestmark = [pytest.mark.kafka, pytest.mark.clickhouse, pytest.mark.slow]

KILLS = 5
LONG_SECONDS = 600.0
SEED = 3
SETTINGS = {"PULSEMON_AGENT_INTERVAL_SECONDS": "1", "PULSEMON_LOCAL_OWN_METRICS_SECONDS": "2"}
RULE = """
metric = "system.cpu.busy"
operator = ">="
summary = "there is a processor"
[levels.warning]
limit = -1
"""
STORED = ("samples", "batches", "alerts", "control", "sink_ledger", "samples_1h")


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """An installation with simulated servers, a day of their past, and a rule of its own that fires at once."""
    folder = tmp_path_factory.mktemp("first")
    settings = SETTINGS | {"PULSEMON_SIMULATOR_HISTORY_DAYS": "1"}
    with running_stack(folder, demo_servers=10, settings=settings) as running:
        (folder / "rule.toml").write_text(RULE)
        done = running.command("rule", "set", "always", "--file", str(folder / "rule.toml"), "--reason", "a proof")
        assert done.returncode == 0, done.stderr
        wait_until(lambda: firing(running, "always"), 60.0, "the rule fires")
        wait_until(lambda: running.role("history").state == "done", 300.0, "the past is written")
        yield running


def ask(stack: Stack, sql: str) -> list[tuple[Any, ...]]:
    with stack.store() as store:
        return store.rows(sql.replace("{}", stack.own.clickhouse_reader().database))


def firing(stack: Stack, rule_id: str, state: str = "firing") -> bool:
    sql = f"SELECT count() FROM {{}}.alert_state FINAL WHERE rule_id = '{rule_id}' AND state = '{state}'"
    return bool(ask(stack, sql)[0][0])


def killed_sometimes(stack: Stack, arguments: tuple[str, ...], random_seconds: random.Random, most: float) -> None:
    """Runs a command and kills it after a random time, several times over."""
    argv = (sys.executable, "-m", "pulsemon_deploy.cli", *arguments)
    for _ in range(KILLS):
        process = start_child(argv, stack.own.environ, stack.folder / "killed.log")
        try:
            process.wait(random_seconds.uniform(0.5, most))
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()


def control_records(stack: Stack) -> list[Any]:
    with log_records(stack.own.kafka("operator"), CONTROL.name) as records:
        return list(records)


def test_a_copy_of_a_running_installation_is_restored_and_goes_on(stack: Stack, tmp_path: Path) -> None:
    target, chance = tmp_path / "backup", random.Random(SEED)
    began = ask(stack, "SELECT topic_id, partition, max(last_offset) FROM {}.sink_ledger GROUP BY 1, 2")
    killed_sometimes(stack, ("backup", str(target)), chance, 2.0)
    if not target.exists():
        assert stack.command("backup", "verify", str(target)).returncode == 1, "half a backup is none"
        done = stack.command("backup", str(target), "--json", timeout_seconds=LONG_SECONDS)
        assert done.returncode == 0, done.stderr
    verified = stack.command("backup", "verify", str(target), "--json")
    assert verified.returncode == 0, verified.stderr
    told = json.loads(verified.stdout)
    cutoffs = {(one["topic_id"], one["partition"]): one["last_offset"] for one in told["cutoffs"]}
    assert all(cutoffs[topic_id, partition] >= last for topic_id, partition, last in began)
    # the store it came from has at least what the copy has, up to the cutoffs exactly as many batches
    metrics = [(key, last) for key, last in cutoffs.items() if key[0] in _metrics_ids(stack)]
    assert metrics
    counted = sum(_batches_up_to(stack, *key, last) for key, last in metrics)
    without_log = ask(stack, "SELECT count() FROM {}.batches FINAL WHERE topic_id = ''")[0][0]
    rows = {one["table"]: one["rows"] for one in told["tables"]}
    assert rows["batches"] == counted + without_log
    records = control_records(stack)[: told["control"]["end"]]
    stack.stop()

    with small_disk(tmp_path / "small", 1_000_000) as disk:
        _full_disk(stack, disk)
    other = Stack(tmp_path / "second", settings=SETTINGS)
    other.folder.mkdir()
    killed_sometimes(other, ("restore", str(target)), chance, 6.0)
    done = other.command("restore", str(target), "--json", timeout_seconds=LONG_SECONDS)
    if done.returncode:  # one of those that were to be killed came to its end
        assert "is not empty" in done.stderr, done.stderr
    else:
        answer = json.loads(done.stdout)
        assert all(one["copied"] == one["found"] and one["content"] == one["found_content"] for one in answer["tables"])
        assert answer["alerts_ended"] >= 1
        assert answer["control"]["other_times"] == 0
        assert {one["table"]: one["copied"] for one in answer["tables"]} == rows

    try:
        other.start()
        assert control_records(other)[: len(records)] == records, "offsets, keys, headers and times are the same"
        _goes_on(other, rows)
    finally:
        other.close()


def _metrics_ids(stack: Stack) -> set[str]:
    return {
        row[0] for row in ask(stack, "SELECT DISTINCT topic_id FROM {}.sink_ledger WHERE topic = 'pulsemon.metrics'")
    }


def _batches_up_to(stack: Stack, topic_id: str, partition: int, last: int) -> int:
    where = f"topic_id = '{topic_id}' AND partition = {partition} AND offset <= {last}"
    return int(ask(stack, f"SELECT count() FROM {{}}.batches FINAL WHERE {where}")[0][0])


def _full_disk(stack: Stack, disk: Path) -> None:
    """One sentence that says what to do; with room it goes on."""
    target = disk / "backup"
    done = stack.command("backup", str(target), timeout_seconds=LONG_SECONDS)
    assert done.returncode == 1
    assert "No space left on device" in done.stderr
    assert "it goes on" in done.stderr
    assert not target.exists()
    resize(disk, 2_000_000_000)
    assert stack.command("backup", str(target), timeout_seconds=LONG_SECONDS).returncode == 0
    assert stack.command("backup", "verify", str(target)).returncode == 0


def _goes_on(other: Stack, rows: dict[str, int]) -> None:
    """New samples are stored and judged by the rules of before; alerts of before have ended, and are found again."""
    before_ms = int(time.time() * 1000)
    newest = "SELECT count() FROM {}.batches WHERE source = 'agent' AND precedence <= -" + str(before_ms)
    wait_until(lambda: ask(other, newest)[0][0] > 0, 60.0, "a new sample is stored")
    wait_until(lambda: firing(other, "always"), 60.0, "the rule of before fires")
    wait_until(lambda: firing(other, "always", "expired"), 60.0, "the alert of before has ended")
    assert ask(other, "SELECT count() FROM {}.alert_state FINAL WHERE rule_id = 'always' AND state = 'firing'") == [
        (1,)
    ]
    count = "SELECT uniqExact(topic_id), count() FROM {}.control_log"
    wait_until(lambda: ask(other, count)[0][0] == 1, 30.0, "one control log is in force")
    for table in STORED:
        found = ask(other, f"SELECT count() FROM {{}}.{table}{'' if table == 'sink_ledger' else ' FINAL'}")[0][0]
        assert found >= rows[table], table
    done = other.command("rule", "set", "always", "--limit", "warning=-2", "--reason", "after the restore")
    assert done.returncode == 0, done.stderr
    lost = ask(other, "SELECT count() FROM {}.sink_ledger WHERE kind = 'lost'")
    assert lost == [(0,)], "another topic is another log: nothing of it is missing"
