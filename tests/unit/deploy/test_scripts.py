"""What `make` runs before anything is installed: finding Python, looking at the machine, knowing what is built."""

import importlib.util
import socket
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from pulsemon_deploy.home import Home
from pulsemon_deploy.kafka import DOWNLOAD_BYTES
from pulsemon_deploy.settings import LocalSettings, default_home

ROOT = Path(__file__).resolve().parents[3]
SCRIPTS = ROOT / "scripts"


def load(name: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(SCRIPTS))
    spec = importlib.util.spec_from_file_location(name, SCRIPTS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module: ModuleType = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, name, module)
    spec.loader.exec_module(module)
    return module


def preflight(**environ: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", "-S", str(SCRIPTS / "preflight.py"), "runtime"]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environ)


def free_ports(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    sockets = [socket.socket() for _ in range(5)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    numbers = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    names = load("preflight", monkeypatch).PORTS
    return {name: str(number) for name, number in zip(names, numbers, strict=True)}


def test_the_report_says_what_is_downloaded_and_where_things_will_lie(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environ = free_ports(monkeypatch) | {"PULSEMON_LOCAL_HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path)}
    done = preflight(**environ)
    assert done.returncode == 0, done.stderr
    assert "about 350 MB of Python packages, less what pip has cached, and 45 MB of Apache Kafka" in done.stdout
    assert f"Data         {tmp_path}" in done.stdout
    assert f"Logs         {tmp_path / 'logs'}" in done.stdout


def test_a_port_in_use_is_told_with_its_setting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    environ = free_ports(monkeypatch) | {"PULSEMON_LOCAL_HOME": str(tmp_path)}
    with socket.create_server(("127.0.0.1", int(environ["PULSEMON_LOCAL_UI_PORT"]))):
        done = preflight(**environ)
    assert done.returncode == 1
    assert f"{environ['PULSEMON_LOCAL_UI_PORT']} (PULSEMON_LOCAL_UI_PORT)" in done.stderr


def test_a_python_without_venv_names_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    module = load("preflight", monkeypatch)
    monkeypatch.setattr(module.importlib.util, "find_spec", lambda _name: None)
    problems = [finding.problem for finding in module.examine("dev", ROOT, {}) if finding.problem]
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert problems[0].endswith(f"apt install python{version}-venv")


def test_what_the_preflight_knows_is_what_the_program_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    """It may import nothing of the program, so the same facts stand twice."""
    module = load("preflight", monkeypatch)
    fields = LocalSettings(home=Path("/"))
    assert {
        f"PULSEMON_LOCAL_{name.upper()}": getattr(fields, name) for name in LocalSettings.__slots__ if "port" in name
    } == module.PORTS
    assert module.home({}) == default_home({})
    assert module.home({"XDG_DATA_HOME": "/data"}) == default_home({"XDG_DATA_HOME": "/data"})
    assert round(DOWNLOAD_BYTES / 1e6) == module.KAFKA_MB
    assert Home(Path("/data")).logs == Path("/data/logs")


def test_no_python_is_one_sentence(tmp_path: Path) -> None:
    done = subprocess.run(
        ["/bin/sh", str(SCRIPTS / "find-python")],
        capture_output=True, text=True, check=False, env={"PATH": str(tmp_path)},
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.startswith("Pulse Monitor needs Python 3.11 or newer, and none was found.")


def make_checkout(folder: Path) -> None:
    for name in ("requirements.lock", "requirements-dev.lock", "pyproject.toml"):
        (folder / name).write_text(f"{name}\n")
    (folder / ".venv").mkdir()


def test_going_back_and_forth_between_the_kinds_installs_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = load("environment", monkeypatch)
    make_checkout(tmp_path)
    environment = module.Environment(tmp_path)
    assert environment.lacks("runtime")
    environment.adopt("runtime")
    assert environment.lacks("runtime") == []
    assert environment.lacks("dev") == ["requirements-dev.lock"]
    environment.adopt("dev")
    assert environment.lacks("dev") == environment.lacks("runtime") == []
    (tmp_path / "requirements.lock").write_text("other\n")
    assert environment.lacks("runtime") == environment.lacks("dev") == ["requirements.lock"]
    assert environment.needs_packages("runtime")


def test_a_change_of_the_project_alone_downloads_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = load("environment", monkeypatch)
    make_checkout(tmp_path)
    environment = module.Environment(tmp_path)
    environment.adopt("dev")
    (tmp_path / "pyproject.toml").write_text("other\n")
    assert environment.lacks("dev") == ["pyproject.toml"]
    assert not environment.needs_packages("dev")
    (tmp_path / ".venv" / "pulsemon-building").touch()
    assert environment.needs_packages("dev"), "a build that was cut off is no build"


def test_a_checkout_that_was_moved_is_built_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = load("environment", monkeypatch)
    old, new = tmp_path / "old", tmp_path / "new"
    old.mkdir()
    make_checkout(old)
    module.Environment(old).adopt("runtime")
    old.rename(new)
    assert module.Environment(new).lacks("runtime") == ["folder"]


def test_the_lock_for_tests_holds_that_of_the_runtime_whole() -> None:
    def pins(name: str) -> set[str]:
        lines = (ROOT / name).read_text().splitlines()
        return {line.removesuffix(" \\") for line in lines if line and not line.startswith(" ")}

    assert pins("requirements.lock") <= pins("requirements-dev.lock")
