"""The wheel in an environment of its own: as small as promised, complete, and it says what is missing."""

import re
import subprocess
import sys
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BASE = ("confluent-kafka", "fastavro", "psutil")
DATA = """
from importlib.resources import files
for package, path in [
    ("pulsemon_schemas", "avro/metric_batch.v1.avsc"),
    ("pulsemon_schemas", "catalogue/metrics.csv"),
    ("pulsemon_sinks", "clickhouse/migrations"),
    ("pulsemon_ui", "components/assets"),
    ("pulsemon_deploy", "kafka/jars.lock"),
    ("pulsemon_deploy", "kafka/log4j2.properties"),
]:
    found = files(package).joinpath(path)
    assert found.is_file() or (found.is_dir() and list(found.iterdir())), (package, path)
"""


class CleanEnvironment:
    """A virtual environment with nothing but what is installed here."""

    def __init__(self, folder: Path) -> None:
        self.bin = folder / "bin"

    def run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [str(self.bin / program), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False, cwd=self.bin, timeout=100)

    def install(self, *arguments: str) -> None:
        done = self.run("python", "-m", "pip", "install", "--quiet", "--no-deps", "--no-compile", *arguments)
        assert done.returncode == 0, done.stderr

    def installed(self) -> set[str]:
        lines = self.run("python", "-m", "pip", "list", "--format=freeze").stdout.splitlines()
        return {line.partition("==")[0] for line in lines} - {"pip", "setuptools"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (built,) = folder.glob("pulsemon-*.whl")
    return built


@pytest.fixture(scope="module")
def clean(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> CleanEnvironment:
    folder = tmp_path_factory.mktemp("clean") / "venv"
    venv.create(folder, with_pip=True)
    environment = CleanEnvironment(folder)
    with _lock_of(folder, *BASE) as lock:
        environment.install("--require-hashes", "--requirement", str(lock))
    environment.install(str(wheel))
    return environment


def test_the_base_install_is_four_distributions(clean: CleanEnvironment) -> None:
    assert clean.installed() == {"pulsemon", *BASE}
    assert clean.run("python", "-c", "import pulsemon, pulsemon_producers, pulsemon_schemas").returncode == 0


def test_data_files_are_in_it(clean: CleanEnvironment) -> None:
    done = clean.run("python", "-c", DATA)
    assert done.returncode == 0, done.stderr


def test_the_command_says_which_extra_is_missing(clean: CleanEnvironment) -> None:
    done = clean.run("pulsemon", "status")
    assert (done.returncode, done.stderr) == (
        2,
        "pulsemon: this needs click, which is not installed; run: pip install 'pulsemon[cli]'\n",
    )


def test_the_doctor_works_with_the_command_line_alone(clean: CleanEnvironment) -> None:
    with _lock_of(clean.bin, "click") as lock:
        clean.install("--require-hashes", "--requirement", str(lock))
    done = clean.run("pulsemon", "doctor")
    assert done.returncode == 1, done.stderr
    assert "-> pip install 'pulsemon[local]'" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    up = clean.run("pulsemon", "run", "sink")
    assert (up.returncode, "pip install 'pulsemon[sink]'" in up.stderr) == (2, True), up.stderr


@contextmanager
def _lock_of(folder: Path, *names: str) -> Iterator[Path]:
    """The part of the lock, hashes included, that is about these distributions."""
    text = (ROOT / "requirements.lock").read_text()
    parts = [part for part in re.split(r"^(?=\S)", text, flags=re.MULTILINE) if part.partition("==")[0] in names]
    assert len(parts) == len(names), parts
    path = folder / "part.lock"
    path.write_text("".join(parts))
    yield path
    path.unlink()
