"""Builds ``.venv`` from a lock with hashes, and knows when there is nothing to do. The standard library alone.

One environment serves both kinds: the lock for tests holds that of the runtime whole, so going back and forth between
them installs nothing. What is installed stands in a stamp; a build that was cut off left another mark and starts anew.
"""  # noqa: INP001

import hashlib
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import preflight

ROOT = Path(__file__).resolve().parent.parent
LOCKS = {"runtime": ("requirements.lock",), "dev": ("requirements.lock", "requirements-dev.lock")}
NETWORK_SENTENCE = (
    "The packages could not be fetched. Check the network, and pip's settings for a proxy or an index of your own; "
    "then start again: what is complete is kept."
)
LOG_LINES = 15


class Environment:
    """The folder ``.venv`` of one checkout."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.folder = root / ".venv"
        self.python = self.folder / "bin" / "python"
        self._stamp = self.folder / "pulsemon-setup.json"
        self._building = self.folder / "pulsemon-building"

    def wanted(self, kind: str) -> dict[str, str]:
        """What the stamp of a finished build says: checksums of the locks and of the project, and where it is."""
        files = {name: _checksum(self.root / name) for name in (*LOCKS[kind], "pyproject.toml")}
        return {**files, "folder": str(self.folder)}

    def lacks(self, kind: str) -> list[str]:
        """The names that differ from the stamp; empty when there is nothing to do."""
        found = self._read_stamp()
        return [name for name, value in self.wanted(kind).items() if found.get(name) != value]

    def needs_packages(self, kind: str) -> bool:
        """Whether something has to be downloaded; if not, only the project itself is installed anew."""
        lacking = self.lacks(kind)
        return self._building.exists() or "folder" in lacking or any(name.endswith(".lock") for name in lacking)

    def build(self, kind: str) -> None:
        """Makes or completes the environment."""
        needs_packages = self.needs_packages(kind)
        if self._building.exists() or not self._works():
            _step("building .venv", [sys.executable, "-m", "venv", "--clear", str(self.folder)])
            needs_packages = True
        self._building.touch()
        self._stamp.unlink(missing_ok=True)
        if needs_packages:
            self._install(LOCKS[kind][-1])
        _step("installing Pulse Monitor itself", self._pip("--no-build-isolation", "--editable", str(self.root)))
        self._stamp.write_text(json.dumps(self.wanted(kind), indent=1))
        self._building.unlink()

    def adopt(self, kind: str) -> None:
        """Declares an environment that was built by other means to be complete."""
        self._stamp.write_text(json.dumps(self.wanted(kind), indent=1))

    def _install(self, lock: str) -> None:
        path = self.root / lock
        total = len(re.findall(r"^\S+==", path.read_text(), re.MULTILINE))
        counter = _Counter(total)
        arguments = self._pip("--require-hashes", "--no-compile", "--requirement", str(path), verbose=True)
        _step(f"installing {lock}", arguments, counter.see, NETWORK_SENTENCE)

    def _pip(self, *arguments: str, verbose: bool = False) -> list[str]:
        common = ["--disable-pip-version-check", "--no-input", "--no-deps", "--progress-bar", "off"]
        quiet = [] if verbose else ["--quiet"]
        return [str(self.python), "-m", "pip", "install", *common, *quiet, *arguments]

    def _works(self) -> bool:
        """Whether its Python runs and belongs to this folder: an environment cannot be moved."""
        if self._read_stamp().get("folder", str(self.folder)) != str(self.folder):
            return False
        command = [str(self.python), "-c", "import pip, sys; sys.exit(sys.version_info < (3, 11))"]
        try:
            return subprocess.run(command, capture_output=True, check=False).returncode == 0
        except OSError:
            return False

    def _read_stamp(self) -> dict[str, str]:
        try:
            return dict(json.loads(self._stamp.read_text()))
        except (OSError, ValueError):
            return {}


class _Counter:
    """Turns pip's lines into a count of packages: one line that moves on a terminal, a few lines elsewhere."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._seen = 0
        self._is_terminal = sys.stdout.isatty()

    def see(self, line: str) -> None:
        if line.startswith("Collecting "):
            self._seen += 1
            self._show(f"{self._seen}/{self._total} {line.split()[1].partition('==')[0]}", self._seen % 20 == 0)
        elif line.startswith("Installing collected packages"):
            self._show("unpacking", True)

    def _show(self, text: str, is_milestone: bool) -> None:
        if self._is_terminal:
            print(f"\r  {text:<60}", end="", flush=True)
        elif is_milestone:
            print(f"  {text}", flush=True)


def _step(what: str, command: list[str], see: Callable[[str], None] | None = None, advice: str = "") -> None:
    """Runs one command; ends the program with its last lines and the advice if it fails."""
    print(f"{what} …", flush=True)
    started = time.monotonic()
    lines = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            lines.append(line)
            if see is not None:
                see(line)
    if process.returncode:
        sys.exit(f"{''.join(lines[-LOG_LINES:])}\n{what} failed. {advice}".rstrip())
    print(f"\r{what}: {time.monotonic() - started:.0f} s{'':<40}", flush=True)


def _checksum(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def main(arguments: list[str]) -> None:
    """``runtime`` or ``dev``; ``--adopt`` only writes the stamp."""
    kind = arguments[0]
    environment = Environment(ROOT)
    if "--adopt" in arguments:
        environment.adopt(kind)
    elif environment.lacks(kind):
        if environment.needs_packages(kind):
            print(f"Pulse Monitor: preparing this machine ({kind})")
            if preflight.report(preflight.examine(kind, ROOT, os.environ)):
                sys.exit(1)
        environment.build(kind)


if __name__ == "__main__":
    main(sys.argv[1:])
