"""Golden cases: a folder with recorded trees of a host, tick by tick, and the samples that must come of them.

``golden/COLLECTOR/CASE/trees.txt`` is an archive (``support/tree_archive.py``) with ``tick-SECONDS/{proc,sys,root}``,
which is what the collector reads at that time; ``expected.txt`` is what is sent. ``golden/host/CASE`` is the same for
all collectors together, each at its own interval. ``case.json`` has what is no file: ``statvfs`` by mountpoint
(f_frsize, f_blocks, f_bfree, f_bavail, f_files, f_ffree), ``kernel_clock`` (offset, largest error, synchronized),
``tcp_sockets`` (by number of the state, and how many of them ended; without it the kernel refuses to be asked), ``run``
with what programs print, ``changed`` with the times of folders, and ``settings`` of the agent as texts. ``NOTES.md``
says where trees come from that were not recorded.

A new case needs no code: run this file with the case's folder to write its ``expected.txt``, and read that before it is
committed.
"""

import json
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pulsemon_producers.admission import Admission
from pulsemon_producers.collectors.base import Collector, Tick, begins_interval
from pulsemon_producers.collectors.builtin import built_in
from pulsemon_producers.collectors.host import Host
from pulsemon_producers.collectors.kernel_clock import KernelClock
from pulsemon_producers.collectors.socket_diag import TcpSockets
from pulsemon_producers.intervals import in_ticks_ms, metric_intervals_ms
from pulsemon_producers.selection import select
from pulsemon_producers.settings import ENVIRONMENT_PREFIX, AgentSettings
from pulsemon_schemas import catalogue
from pulsemon_schemas.runtime.settings import load
from support.tree_archive import unpack

GOLDEN = Path(__file__).with_name("golden")
TICK_MS = 10_000
ALL = "host"
TREES = "trees.txt"
MEMORY = "/dev/shm"
"""Files are unpacked there if possible: on a disk they take seven times as long."""


def cases() -> list[Path]:
    """All folders of cases."""
    return sorted(path for path in GOLDEN.glob("*/*") if path.is_dir())


def outcome(case: Path) -> str:
    """What the collectors of this case send, as text."""
    with TemporaryDirectory(dir=MEMORY if os.access(MEMORY, os.W_OK) else None) as folder:
        trees = Path(folder) / "trees"
        unpack((case / TREES).read_text(), trees)
        run = Run(case, trees, Path(folder) / "current")
        try:
            return "\n".join(line for name, seconds in _ticks(trees) for line in run.tick(name, seconds)) + "\n"
        finally:
            run.close()


class Run:
    """One case at work, with collectors that remember their last tick."""

    def __init__(self, case: Path, trees: Path, current: Path) -> None:
        self._trees = trees
        self._current = current
        self._seconds = 0.0
        answers = case / "case.json"
        self._facts: dict[str, Any] = json.loads(answers.read_text()) if answers.exists() else {}
        environ = {
            f"{ENVIRONMENT_PREFIX}{name}".upper(): text for name, text in self._facts.get("settings", {}).items()
        }
        settings = load(AgentSettings, ENVIRONMENT_PREFIX, environ)
        metrics = select(catalogue.METRICS, settings.enable, settings.disable)
        self._off = frozenset(one.name for one in metrics if not one.default_on)
        self._intervals_ms = metric_intervals_ms(metrics, TICK_MS)
        self._admission = Admission(metrics, self._intervals_ms)
        self.host = self._host()
        self._collectors = [one for one in built_in(self.host, settings) if case.parent.name in (ALL, one.name)]
        self._previous_ms: dict[str, int] = {}

    def tick(self, name: str, seconds: float) -> Iterator[str]:
        self._current.unlink(missing_ok=True)
        self._current.symlink_to(self._trees / name)
        self._seconds = seconds
        yield f"# {name}"
        samples, refused = [], 0
        for collector in self._collectors:
            more, bad = self._collect(collector)
            samples += more
            refused += bad
        yield from (f"{name}{{{labels}}} {value!r}" for name, labels, value in sorted(samples))
        if refused:
            yield f"# refused {refused}"

    def close(self) -> None:
        for collector in self._collectors:
            collector.close()

    def _collect(self, collector: Collector) -> tuple[list[Any], int]:
        now_ms = int(self._seconds * 1000)
        previous_ms = self._previous_ms.get(collector.name)
        if not begins_interval(previous_ms, now_ms, in_ticks_ms(collector.interval_seconds, TICK_MS)):
            return [], 0
        tick = Tick(now_ms, previous_ms, self.host.boot_id(), self._intervals_ms, self._off)
        self._previous_ms[collector.name] = now_ms
        return self._admission.admit(collector.name, tick, list(collector.collect(tick)))

    def _host(self) -> Host:
        facts, current = self._facts, self._current

        def statvfs(mountpoint: str) -> os.statvfs_result:
            found = facts["statvfs"][mountpoint]
            if isinstance(found, str):
                raise OSError(found)
            frsize, blocks, bfree, bavail, files, ffree = found
            return os.statvfs_result((frsize, frsize, blocks, bfree, bavail, files, ffree, ffree, 0, 255))

        def run(arguments: Sequence[str]) -> str:
            said = facts.get("run", {}).get(current.readlink().name, {}).get(" ".join(arguments))
            if said is None:
                raise OSError(f"no such program in this case: {' '.join(arguments)}")
            return "".join(f"{line}\n" for line in said)

        def tcp_sockets() -> TcpSockets:
            if "tcp_sockets" not in facts:
                raise OSError("sock_diag is refused in this case")
            by_state, ended = facts["tcp_sockets"]
            return TcpSockets({int(state): count for state, count in by_state.items()}, ended)

        return Host(
            procfs=current / "proc",
            sysfs=current / "sys",
            root=current / "root",
            monotonic_seconds=lambda: self._seconds,
            wall_seconds=lambda: facts.get("wall_seconds", 0.0) + self._seconds,
            statvfs=statvfs,
            kernel_clock=lambda: KernelClock(*facts["kernel_clock"]) if "kernel_clock" in facts else None,
            tcp_sockets=tcp_sockets,
            run=run,
            changed_seconds=lambda path: facts.get("changed", {})[str(path.relative_to(current))],
            page_bytes=4096,
            machine=facts.get("machine", "x86_64"),
            agent_version="1.2.3",
        )


def _ticks(trees: Path) -> Iterator[tuple[str, float]]:
    for path in sorted(trees.glob("tick-*")):
        yield path.name, float(path.name.removeprefix("tick-"))


if __name__ == "__main__":
    for folder in map(Path, sys.argv[1:]):
        (folder / "expected.txt").write_text(outcome(folder.resolve()))
