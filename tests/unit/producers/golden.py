"""Golden cases: a folder with recorded trees of a host, tick by tick, and the samples that must come of them.

``golden/COLLECTOR/CASE/tick-SECONDS/{proc,sys,root}`` is what the collector reads at that time, ``case.json`` (if
any) what statvfs answers (f_frsize, f_blocks, f_bfree, f_bavail, f_files, f_ffree), ``expected.txt`` what is sent. A
new case needs no code: run this file with the case's folder to write its ``expected.txt``, and read that before it
is committed.
"""

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psutil
from pulsemon_producers.admission import Admission
from pulsemon_producers.collectors.base import Tick
from pulsemon_producers.collectors.builtin import BUILT_IN
from pulsemon_producers.collectors.host import Host
from pulsemon_producers.intervals import metric_intervals_ms
from pulsemon_schemas import catalogue

GOLDEN = Path(__file__).with_name("golden")
TICK_MS = 10_000
COLLECTORS = {collector.name: collector for collector in BUILT_IN}


def cases() -> list[Path]:
    """All folders of cases."""
    return sorted(path for path in GOLDEN.glob("*/*") if path.is_dir())


def outcome(case: Path) -> str:
    """What the collector of this case sends, as text."""
    intervals_ms = metric_intervals_ms(catalogue.METRICS, TICK_MS)
    admission = Admission(catalogue.METRICS, intervals_ms)
    lines: list[str] = []
    before = psutil.PROCFS_PATH
    with TemporaryDirectory() as folder:
        current = Path(folder) / "current"
        clock = [0.0]
        host = _host(case, current, clock)
        collector = COLLECTORS[case.parent.name](host)
        previous_ms: int | None = None
        try:
            host.bind_psutil()
            for name, seconds in _ticks(case):
                current.unlink(missing_ok=True)
                current.symlink_to(case / name)
                clock[0] = seconds
                tick = Tick(int(seconds * 1000), previous_ms, host.boot_id(), intervals_ms)
                samples, refused = admission.admit(collector.name, tick, list(collector.collect(tick)))
                previous_ms = tick.recorded_at_ms
                lines += [f"# {name}"]
                lines += [f"{sample.name}{{{sample.labels}}} {sample.value!r}" for sample in sorted(samples)]
                lines += [f"# refused {refused}"] if refused else []
        finally:
            collector.close()
            psutil.PROCFS_PATH = before
    return "\n".join(lines) + "\n"


def _ticks(case: Path) -> Iterator[tuple[str, float]]:
    for path in sorted(case.glob("tick-*")):
        yield path.name, float(path.name.removeprefix("tick-"))


def _host(case: Path, current: Path, clock: list[float]) -> Host:
    answers = case / "case.json"
    facts: dict[str, Any] = json.loads(answers.read_text()) if answers.exists() else {}

    def statvfs(mountpoint: str) -> os.statvfs_result:
        found = facts["statvfs"][mountpoint]
        if isinstance(found, str):
            raise OSError(found)
        frsize, blocks, bfree, bavail, files, ffree = found
        return os.statvfs_result((frsize, frsize, blocks, bfree, bavail, files, ffree, ffree, 0, 255))

    return Host(
        procfs=current / "proc",
        sysfs=current / "sys",
        root=current / "root",
        monotonic_seconds=lambda: clock[0],
        statvfs=statvfs,
        machine=facts.get("machine", "x86_64"),
        agent_version="1.2.3",
    )


if __name__ == "__main__":
    for folder in map(Path, sys.argv[1:]):
        (folder / "expected.txt").write_text(outcome(folder.resolve()))
