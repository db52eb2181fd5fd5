"""The object that a benchmark prints."""

import datetime as dt
import importlib.metadata
import os
import platform
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from pulsemon_deploy.bench.figures import Figure


@dataclass(frozen=True, slots=True)
class Report:
    """What was measured, when, where and with what."""

    name: str
    rounds: int
    figures: Mapping[str, Figure]
    packages: Sequence[str]

    def as_json(self) -> dict[str, Any]:
        """The object as DESIGN's command line promises it."""
        return {
            "name": self.name,
            "commit": commit(),
            "date": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
            "machine": machine(),
            "versions": {"python": platform.python_version(), **{one: _version(one) for one in self.packages}},
            "rounds": self.rounds,
            "figures": {key: figure.as_json() for key, figure in self.figures.items()},
        }

    def as_text(self) -> str:
        """A table for people."""
        width = max(len(key) for key in self.figures)
        lines = [f"{self.name}: median of {self.rounds} rounds (lowest .. highest)"]
        for key, figure in self.figures.items():
            one = figure.as_json()
            lines.append(f"  {key:<{width}}  {one['value']:>12,} {one['unit']:<24} ({one['low']:,} .. {one['high']:,})")
        return "\n".join(lines)


def machine() -> dict[str, Any]:
    """What the figures depend on."""
    return {
        "system": platform.system(),
        "architecture": platform.machine(),
        "cpu": _cpu_model(),
        "cores": os.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 1e9, 1),
    }


def commit() -> str:
    """The commit of the source, with + if files differ from it; '' outside a checkout."""
    git = shutil.which("git")
    if git is None:
        return ""

    def ask(*arguments: str) -> str:
        done = subprocess.run([git, *arguments], cwd=Path(__file__).parent, capture_output=True, text=True, check=False)
        return done.stdout.strip() if done.returncode == 0 else ""

    head = ask("rev-parse", "--short=12", "HEAD")
    return head + "+" if head and ask("status", "--porcelain", "--untracked-files=no") else head


def _cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next(
        (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.processor()
    )


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""
