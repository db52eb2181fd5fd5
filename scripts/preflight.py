"""Whether this machine can run Pulse Monitor, asked before anything is downloaded: the standard library alone."""  # noqa: INP001

import importlib.util
import os
import shutil
import socket
import sys
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
    "PULSEMON_LOCAL_KAFKA_PORT": 19092,
    "PULSEMON_LOCAL_KAFKA_CONTROLLER_PORT": 19093,
    "PULSEMON_LOCAL_CLICKHOUSE_PORT": 19000,
    "PULSEMON_LOCAL_CLICKHOUSE_HTTP_PORT": 18123,
}


@dataclass(frozen=True)
class Finding:
    """One line of the report; ``problem`` is a sentence that says what to do, "" if all is well."""

    topic: str
    found: str
    problem: str = ""


def examine(kind: str, root: Path, environ: Mapping[str, str]) -> list[Finding]:
    """Everything that can be known before the first download."""
    findings = [_python(), _venv(), _system(), _disk(kind, root, environ)]
    if kind == "runtime":
        findings.append(_ports(environ))
    findings += [_download(kind, environ), Finding("Environment", str(root / ".venv"))]
    return [*findings, *_places(environ)]


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
    base = environ.get("XDG_DATA_HOME")
    return (Path(base) if base else Path.home() / ".local" / "share") / "pulsemon"


def kafka_is_there(environ: Mapping[str, str]) -> bool:
    """Whether Kafka was downloaded before, or is not needed."""
    base = environ.get("XDG_CACHE_HOME")
    cache = (Path(base) if base else Path.home() / ".cache") / "pulsemon"
    return bool(environ.get("PULSEMON_KAFKA_BOOTSTRAP")) or any(cache.glob("kafka-*/*.jar"))


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
    ports = {name: int(environ.get(name) or default) for name, default in PORTS.items()}
    taken = {name: port for name, port in ports.items() if not _is_free(port)}
    numbers = " ".join(map(str, ports.values()))
    if not taken:
        return Finding("Ports", f"{numbers} free")
    named = "; ".join(f"{port} ({name})" for name, port in taken.items())
    sentence = f"Ports in use by other programs: {named}. End those programs, or set the named setting to a free port."
    return Finding("Ports", f"in use: {' '.join(map(str, taken.values()))}", sentence)


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
