"""Whether this machine can run Pulse Monitor, asked before anything is downloaded: the standard library alone."""  # noqa: INP001

import importlib.util
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

# Downloads of the wheels for one platform, and what the environment then takes, in MB.
PACKAGES_MB = {"runtime": 350, "dev": 455}
ENVIRONMENT_MB = {"runtime": 1300, "dev": 1700}
KAFKA_MB = 45
DATA_MB = 2000
PORTS = {
    "PULSEMON_LOCAL_UI_PORT": 8501,
    "PULSEMON_LOCAL_GATEWAY_PORT": 8480,
    "PULSEMON_LOCAL_KAFKA_PORT": 19092,
    "PULSEMON_LOCAL_KAFKA_CONTROLLER_PORT": 19093,
    "PULSEMON_LOCAL_CLICKHOUSE_PORT": 19000,
    "PULSEMON_LOCAL_CLICKHOUSE_HTTP_PORT": 18123,
}
HIGHEST_PORT = 65_535
# What is asked for to see whether packages can be had: it is small, and every kind of environment has it.
PROBE = "click"
PROBE_SECONDS = 60
ANSWER_SECONDS = 15
# Where Debian keeps the pip that goes into new environments.
PIP_FOLDERS = ("/usr/share/python-wheels",)


@dataclass(frozen=True)
class Finding:
    """One line of the report; ``problem`` is a sentence that says what to do, "" if all is well."""

    topic: str
    found: str
    problem: str = ""


def examine(kind: str, root: Path, environ: Mapping[str, str]) -> list[Finding]:
    """Everything that can be known before the first download; only the last look reaches the network."""
    try:
        environ = with_file(environ)
    except (OSError, ValueError) as error:
        return [Finding("Settings", "unreadable", f"{environ['PULSEMON_CONFIG_FILE']} cannot be read: {error}")]
    findings = [_python(), _venv(), _system(), _disk(kind, root, environ)]
    if kind == "runtime":
        findings += [_ports(environ), *_places(environ)]
    findings += [_download(kind, environ), Finding("Environment", str(root / ".venv"))]
    return findings if any(finding.problem for finding in findings) else [*findings, _network(root, environ)]


def with_file(environ: Mapping[str, str]) -> Mapping[str, str]:
    """The environment, and below it what the file of PULSEMON_CONFIG_FILE says. OSError, ValueError."""
    named = environ.get("PULSEMON_CONFIG_FILE")
    if not named:
        return environ
    tables = tomllib.loads(Path(named).expanduser().read_text(encoding="utf-8"))
    given = {
        f"PULSEMON_{table.upper()}_{name.upper()}": str(value)
        for table, items in tables.items()
        if isinstance(items, dict)
        for name, value in items.items()
    }
    return {**given, **environ}


def report(findings: list[Finding]) -> int:
    """Prints the findings; the number of problems."""
    for finding in findings:
        print(f"  {finding.topic:<12} {finding.found}", flush=True)
    problems = [finding.problem for finding in findings if finding.problem]
    for problem in problems:
        print(f"\n  {problem}", file=sys.stderr)
    return len(problems)


def home(environ: Mapping[str, str]) -> Path:
    """Where data will lie."""
    if named := environ.get("PULSEMON_LOCAL_HOME"):
        return Path(named).expanduser().absolute()
    base = _absolute(environ, "XDG_DATA_HOME") or Path(environ.get("HOME") or Path.home()) / ".local" / "share"
    return base / "pulsemon"


def kafka_is_there(environ: Mapping[str, str]) -> bool:
    """Whether Kafka was downloaded before, or is not needed."""
    base = _absolute(environ, "XDG_CACHE_HOME") or Path(environ.get("HOME") or Path.home()) / ".cache"
    cache = base / "pulsemon"
    return bool(environ.get("PULSEMON_KAFKA_BOOTSTRAP")) or any(cache.glob("kafka-*/*.jar"))


def _absolute(environ: Mapping[str, str], name: str) -> Path | None:
    """The XDG specification: a path that is not absolute is to be ignored."""
    path = Path(environ.get(name, ""))
    return path if path.is_absolute() else None


def _python() -> Finding:
    return Finding("Python", f"{sys.version.split()[0]} ({sys.executable})")


def _venv() -> Finding:
    missing = [name for name in ("venv", "ensurepip") if importlib.util.find_spec(name) is None]
    if not missing:
        return Finding("venv", "there")
    package = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
    sentence = (
        f"This Python lacks the module {' and '.join(missing)}, which builds environments. "
        f"On Debian and Ubuntu: apt install {package}"
    )
    return Finding("venv", "missing", sentence)


def _system() -> Finding:
    machine = os.uname()
    found = f"{machine.sysname} {machine.machine}"
    if machine.sysname == "Linux" and machine.machine in ("x86_64", "aarch64"):
        return Finding("System", found)
    return Finding(
        "System", found, "Pulse Monitor runs on Linux, on x86_64 and aarch64: its engines come for these alone."
    )


def _disk(kind: str, root: Path, environ: Mapping[str, str]) -> Finding:
    """Environment and data may lie on different disks; one that holds both must have room for both."""
    needs: dict[int, list[int]] = {}
    for folder, mb in ((root, ENVIRONMENT_MB[kind]), (home(environ), DATA_MB if kind == "runtime" else 0)):
        existing = _nearest(folder)
        entry = needs.setdefault(existing.stat().st_dev, [0, shutil.disk_usage(existing).free // 1_000_000])
        entry[0] += mb
    found = ", ".join(f"{free:,} MB free of {needed:,} needed" for needed, free in needs.values())
    if all(free >= needed for needed, free in needs.values()):
        return Finding("Disk", found)
    sentence = f"There is not enough room: {found}. Free some, or move the data with PULSEMON_LOCAL_HOME."
    return Finding("Disk", found, sentence)


def _ports(environ: Mapping[str, str]) -> Finding:
    texts = {
        name: environ.get(name) or str(default) for name, default in PORTS.items() if not _is_outside(name, environ)
    }
    wrong = [f"{name}={text}" for name, text in texts.items() if not _is_port(text)]
    if wrong:
        return Finding("Ports", "wrong", f"{', '.join(wrong)}: a port is a number from 1 to {HIGHEST_PORT}.")
    ports = {name: int(text) for name, text in texts.items()}
    taken = {name: port for name, port in ports.items() if not _is_free(port)}
    numbers = " ".join(map(str, ports.values()))
    if not taken:
        return Finding("Ports", f"{numbers} free")
    named = "; ".join(f"{port} ({name})" for name, port in taken.items())
    sentence = f"Ports in use by other programs: {named}. End those programs, or set the named setting to a free port."
    return Finding("Ports", f"in use: {' '.join(map(str, taken.values()))}", sentence)


def _is_port(text: str) -> bool:
    return text.isdecimal() and 0 < int(text) <= HIGHEST_PORT


def _is_outside(port_setting: str, environ: Mapping[str, str]) -> bool:
    """Whether the port is that of a broker or engine which somebody else runs, so that none is started here."""
    if "_KAFKA_" in port_setting:
        return bool(environ.get("PULSEMON_KAFKA_BOOTSTRAP"))
    named = {name for name, value in environ.items() if name.startswith("PULSEMON_CLICKHOUSE_") and value}
    return "_CLICKHOUSE_" in port_setting and bool(named - {"PULSEMON_CLICKHOUSE_DATABASE"})


def _network(root: Path, environ: Mapping[str, str]) -> Finding:
    """Whether pip, with the settings that it has here, can fetch one small package: once, and not for long."""
    pip = _pip()
    if not pip:
        return Finding("Network", "not tried: this Python has no pip of its own")
    with tempfile.TemporaryDirectory() as folder:
        bounds = ["--retries", "0", "--timeout", str(ANSWER_SECONDS), "--disable-pip-version-check", "--no-input"]
        command = [*pip, "download", "-vv", "--no-deps", *bounds, "--dest", folder, _pinned(root, PROBE)]
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, check=False, timeout=PROBE_SECONDS, env=dict(environ)
            )
        except subprocess.TimeoutExpired:
            return _no_network(f"no answer in {PROBE_SECONDS} s")
    if done.returncode:
        return _no_network(_reason(done.stdout + done.stderr))
    return Finding("Network", "Python packages can be fetched")


def _no_network(reason: str) -> Finding:
    sentence = (
        f"Python packages cannot be fetched ({reason}). Check the network, and pip's settings for a proxy or an index "
        "of your own (pip config list); then start again. Nothing was downloaded."
    )
    return Finding("Network", "no Python packages", sentence)


def _pip() -> list[str]:
    """How to run pip: the one of this Python, or the one that it puts into new environments."""
    if importlib.util.find_spec("pip"):
        return [sys.executable, "-m", "pip"]
    bundled = importlib.util.find_spec("ensurepip")
    folders = [Path(bundled.origin).parent / "_bundled"] if bundled and bundled.origin else []
    wheels = [wheel for folder in (*folders, *map(Path, PIP_FOLDERS)) for wheel in folder.glob("pip-*.whl")]
    return [sys.executable, f"{wheels[0]}/pip"] if wheels else []


def _pinned(root: Path, name: str) -> str:
    """The requirement as the lock has it."""
    found = re.search(rf"^{name}==\S+", (root / "requirements.lock").read_text(), re.MULTILINE)
    return found.group() if found else name


def _reason(said: str) -> str:
    """What pip met on the way says more than what it then did not find."""
    met = re.findall(r"Could not fetch URL (\S+): (.*?)(?: - skipping)?$", said, re.MULTILINE)
    errors = re.findall(r"^ERROR: (.*)$", said, re.MULTILINE)
    if not met:
        return errors[-1] if errors else "pip does not say why"
    address, cause = met[-1]
    # below the names of Python objects lies what the system said
    return f"{address}: {re.sub(r'^.* object at 0x[0-9a-f]+>: ', '', cause).rstrip(chr(39) + ')')}"


def _download(kind: str, environ: Mapping[str, str]) -> Finding:
    kafka = "" if kafka_is_there(environ) else f", and {KAFKA_MB} MB of Apache Kafka when it first starts"
    return Finding("Download", f"about {PACKAGES_MB[kind]} MB of Python packages, less what pip has cached{kafka}")


def _places(environ: Mapping[str, str]) -> list[Finding]:
    place = home(environ)
    return [Finding("Data", str(place)), Finding("Logs", str(place / "logs"))]


def _nearest(folder: Path) -> Path:
    while not folder.exists():
        folder = folder.parent
    return folder


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


if __name__ == "__main__":
    sys.exit(1 if report(examine(sys.argv[1], Path(__file__).resolve().parent.parent, os.environ)) else 0)
