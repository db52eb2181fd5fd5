"""What `make` runs before anything is installed: finding Python, looking at the machine, knowing what is built."""

import importlib.util
import os
import re
import socket
import subprocess
import sys
import zipfile
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


def preflight(kind: str = "runtime", **environ: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", "-S", str(SCRIPTS / "preflight.py"), kind]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environ)


def own_index(folder: Path) -> dict[str, str]:
    """pip's settings for an index that lies in a folder: it has the package that is asked for, and no more."""
    (version,) = re.findall(r"^click==(\S+)", (ROOT / "requirements.lock").read_text(), re.MULTILINE)
    info = f"click-{version}.dist-info"
    with zipfile.ZipFile(folder / f"click-{version}-py3-none-any.whl", "w") as wheel:
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: click\nVersion: {version}\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")
    return {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(folder), "PIP_CONFIG_FILE": os.devnull}


def free_ports(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    names = load("preflight", monkeypatch).PORTS
    sockets = [socket.socket() for _ in names]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    numbers = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return {name: str(number) for name, number in zip(names, numbers, strict=True)}


def test_the_report_says_what_is_downloaded_and_where_things_will_lie(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = {"PULSEMON_LOCAL_HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path)}
    done = preflight(**free_ports(monkeypatch), **places, **own_index(tmp_path))
    assert done.returncode == 0, done.stderr
    assert "about 350 MB of Python packages, less what pip has cached, and 45 MB of Apache Kafka" in done.stdout
    assert f"Data         {tmp_path}" in done.stdout
    assert f"Logs         {tmp_path / 'logs'}" in done.stdout
    assert "Network      Python packages can be fetched" in done.stdout


def test_building_the_environment_alone_says_nothing_of_data(tmp_path: Path) -> None:
    done = preflight("dev", PULSEMON_LOCAL_KAFKA_PORT="x", **own_index(tmp_path))
    assert done.returncode == 0, done.stderr
    assert not {"Data", "Logs", "Ports"} & {line.split()[0] for line in done.stdout.splitlines()}


def test_an_index_that_does_not_answer_is_one_sentence() -> None:
    own = {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_CONFIG_FILE": os.devnull}
    done = preflight("dev", **own)
    assert done.returncode == 1
    (sentence,) = filter(None, done.stderr.splitlines())
    assert "Python packages cannot be fetched (http://127.0.0.1:9/simple/click/: " in sentence
    assert "[Errno 111] Connection refused). Check the network, and pip's settings for a proxy" in sentence


@pytest.mark.parametrize("port", ["x", "0", "70000", "-1", "1.5"])
def test_a_port_that_is_none_is_one_sentence(tmp_path: Path, port: str) -> None:
    done = preflight(PULSEMON_LOCAL_HOME=str(tmp_path), PULSEMON_LOCAL_KAFKA_PORT=port)
    assert done.returncode == 1
    assert f"PULSEMON_LOCAL_KAFKA_PORT={port}: a port is a number from 1 to 65535." in done.stderr
    assert "Traceback" not in done.stderr


def test_ports_of_what_others_run_are_not_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module, ports = load("preflight", monkeypatch), free_ports(monkeypatch)
    outside = {"PULSEMON_KAFKA_BOOTSTRAP": "kafka:9092", "PULSEMON_CLICKHOUSE_HOST": "store"}
    own = {"PULSEMON_KAFKA_BOOTSTRAP": "", "PULSEMON_CLICKHOUSE_DATABASE": "other"}
    with socket.create_server(("127.0.0.1", int(ports["PULSEMON_LOCAL_CLICKHOUSE_PORT"]))):
        assert (
            module._ports(ports | outside).found
            == f"{ports['PULSEMON_LOCAL_UI_PORT']} {ports['PULSEMON_LOCAL_GATEWAY_PORT']} free"
        )
        assert "PULSEMON_LOCAL_CLICKHOUSE_PORT" in module._ports(ports | own).problem


def test_the_preflight_reads_the_file_of_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module, file = load("preflight", monkeypatch), tmp_path / "pulsemon.toml"
    file.write_text('[local]\nhome = "/data"\nui_port = 8600\n[kafka]\nbootstrap = "kafka:9092"\n')
    environ = module.with_file({"PULSEMON_CONFIG_FILE": str(file), "PULSEMON_LOCAL_UI_PORT": "8700"})
    assert module.home(environ) == Path("/data")
    assert module.kafka_is_there(environ)
    assert environ["PULSEMON_LOCAL_UI_PORT"] == "8700"
    broken = preflight(PULSEMON_CONFIG_FILE=str(tmp_path / "none.toml"))
    assert broken.returncode == 1
    assert "none.toml cannot be read" in broken.stderr


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
    for environ in ({"XDG_DATA_HOME": "/data"}, {"XDG_DATA_HOME": "data"}, {"HOME": "/home/me"}):
        assert module.home(environ) == default_home(environ)
    assert module.home({"PULSEMON_LOCAL_HOME": ""}) == default_home({})
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
