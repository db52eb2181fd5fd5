"""Before anything is started: room, ports and the lock; while it runs: room again."""

import io
import os
import socket
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from pulsemon_deploy.cli.root import root
from pulsemon_deploy.installation import installation
from pulsemon_deploy.supervisor import disk
from pulsemon_deploy.supervisor.console import Console
from pulsemon_deploy.supervisor.lock import only_one
from pulsemon_deploy.supervisor.log_file import LogFile
from pulsemon_deploy.supervisor.loop import Loop
from pulsemon_deploy.supervisor.up import DiskWatch


def up(home: Path, **environ: str) -> tuple[int, str]:
    result = CliRunner().invoke(root, ["up"], env={"PULSEMON_LOCAL_HOME": str(home), **environ})
    return result.exit_code, result.stderr


def test_a_port_in_use(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        code, said = up(tmp_path, PULSEMON_LOCAL_UI_PORT=str(port))
    assert code == 2
    assert f"port {port} is in use by " in said
    assert "set PULSEMON_LOCAL_UI_PORT to a free port" in said
    assert not (tmp_path / "kafka").exists()


def test_a_misspelt_setting_of_any_role(tmp_path: Path) -> None:
    code, said = up(tmp_path / "home", PULSEMON_KAFAK_BOOTSTRAP="x:1", PULSEMON_SINK_FLUSH_SECOND="1")
    assert code == 2
    assert "did you mean PULSEMON_KAFKA_BOOTSTRAP?" in said
    assert "did you mean PULSEMON_SINK_FLUSH_SECONDS?" in said
    assert not (tmp_path / "home").exists()


def test_a_missing_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "faust", None)
    code, said = up(tmp_path / "home")
    assert code == 2
    assert said == "pulsemon: this needs faust, which is not installed; run: pip install 'pulsemon[local]'\n"
    assert not (tmp_path / "home").exists()


def test_a_folder_of_somebody_else(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").touch()
    code, said = up(tmp_path)
    assert code == 1
    assert f"{tmp_path} is not empty, and Pulse Monitor did not make it" in said
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk, "free_bytes", lambda _folder: 5_000_000)
    code, said = up(tmp_path)
    assert code == 1
    assert said.startswith(f"pulsemon: nothing was started: the disk of {tmp_path} has 5 MB left")
    assert not (tmp_path / "kafka").exists()


def test_a_second_one_on_the_same_home(tmp_path: Path) -> None:
    home = installation({"PULSEMON_LOCAL_HOME": str(tmp_path)}).home
    home.prepare()
    with only_one(home.lock_file):
        code, said = up(tmp_path)
    assert code == 1
    assert f"already runs on {tmp_path} (process {os.getpid()})" in said


def test_a_disk_that_fills_while_it_runs_is_told_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    free = iter([10**12, disk.LOW_BYTES - 1, disk.LOW_BYTES - 2, 1_000_000, 1_000_000, 10**12])
    monkeypatch.setattr(disk, "free_bytes", lambda _folder: next(free))
    own_log, out, loop = LogFile(tmp_path / "own.log"), io.StringIO(), Loop()
    watch = DiskWatch(installation({"PULSEMON_LOCAL_HOME": str(tmp_path)}), loop, Console(own_log, 30, out))
    for _ in range(6):
        watch.look()
    loop.close()
    own_log.close()
    said = out.getvalue().splitlines()
    assert len(said) == 3
    assert "WARNING" in said[0]
    assert "has 2,000 MB left: free some space soon" in said[0]
    assert "ERROR" in said[1]
    assert "there is room on the disk again" in said[2]
