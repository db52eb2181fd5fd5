"""Data is not deleted under a role that somebody runs in the foreground."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pulsemon_deploy.installation import Installation, installation
from pulsemon_deploy.kafka.ports import free_ports
from pulsemon_deploy.supervisor.probe import accepts
from support.waiting import wait_until

CLI = (sys.executable, "-m", "pulsemon_deploy.cli")
PORTS = ("CLICKHOUSE_PORT", "CLICKHOUSE_HTTP_PORT", "KAFKA_PORT", "KAFKA_CONTROLLER_PORT", "UI_PORT", "GATEWAY_PORT")


def own_machine(folder: Path) -> Installation:
    ports = {f"PULSEMON_LOCAL_{name}": str(port) for name, port in zip(PORTS, free_ports(len(PORTS)), strict=True)}
    return installation({**os.environ, "PULSEMON_LOCAL_HOME": str(folder / "home"), **ports})


@contextmanager
def in_the_foreground(own: Installation, role: str, port: int) -> Iterator["subprocess.Popen[bytes]"]:
    """``pulsemon run ROLE``, answering on its port; ended afterwards."""
    process = subprocess.Popen((*CLI, "run", role), env=dict(own.environ), stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: accepts(port), 60, f"{role} answers")
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def reset(own: Installation) -> "subprocess.CompletedProcess[str]":
    command = (*CLI, "reset", "--yes")
    return subprocess.run(command, env=dict(own.environ), capture_output=True, text=True, timeout=30, check=False)


def expect_kept_and_then_deleted(own: Installation, role: str, port: int, data: Path) -> None:
    with in_the_foreground(own, role, port) as process:
        refused = reset(own)
        assert refused.returncode == 1
        assert f"still works with {own.home.root} (process {process.pid}), so nothing was deleted" in refused.stderr
        assert data.is_dir()
        assert process.poll() is None
    assert reset(own).stdout == f"deleted {own.home.root}\n"
    assert not own.home.root.exists()


@pytest.mark.clickhouse
def test_the_engine_keeps_its_data(tmp_path: Path) -> None:
    own = own_machine(tmp_path)
    expect_kept_and_then_deleted(own, "clickhouse", own.local.clickhouse_port, own.home.clickhouse)


@pytest.mark.kafka
def test_the_broker_keeps_its_data(tmp_path: Path) -> None:
    """It becomes another program, which must keep the lock."""
    own = own_machine(tmp_path)
    expect_kept_and_then_deleted(own, "kafka", own.local.kafka_port, own.home.kafka / "data")
