"""The contract kit: one call that says everything that is wrong with a collector."""

import importlib.util
import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from typing import Any

from pulsemon_producers.collectors.base import Collector, Point, Tick
from pulsemon_producers.collectors.host import Host
from pulsemon_producers.collectors.names import CUSTOM_PREFIX
from pulsemon_producers.custom.checks import check_name
from pulsemon_producers.custom.contract.findings import Examined
from pulsemon_producers.worker import Outcome, Worker

IMPORT_SECONDS = 30.0
CLOSE_SECONDS = 1.0
THREAD_END_SECONDS = 0.2
TICK_MS = 10_000
FIRST_TICK_MS = 1_780_000_000_000
WATCH = "pulsemon_producers.custom.contract.watch"


class CollectorContractError(AssertionError):
    """Everything that was found, one sentence each in ``findings``."""

    def __init__(self, collector: str, findings: Sequence[str]) -> None:
        self.collector = collector
        self.findings = tuple(findings)
        super().__init__(collector, self.findings)

    def __str__(self) -> str:
        return f"{self.collector} breaks the contract of collectors:\n" + "\n".join(
            f"  - {one}" for one in self.findings
        )


def check_collector(
    collector: type[Collector] | Collector, *, ticks: int = 3, host: Host | None = None, prefix: str = CUSTOM_PREFIX
) -> tuple[Point, ...]:
    """Runs a collector for some ticks, and returns the points of the last one for assertions of your own.

    A class is made with ``host`` (this machine by default), as the agent does it; an instance is used as it is, and
    closed at the end. Each run is on another thread and has the collector's own deadline. ``prefix`` is what its names
    must begin with.

    Looked at are: its name, interval and deadline; what importing its module does (in a process of its own, if it can
    be imported there); every point's name, kind, labels and value; that no series comes twice and no counter falls;
    that it keeps its deadline, closes, and leaves no thread. Raises CollectorContractError with all that was found.
    """
    kind = collector if isinstance(collector, type) else type(collector)
    findings = [*_about_class(kind, collector), *_about_import(kind.__module__)]
    points: tuple[Point, ...] = ()
    if issubclass(kind, Collector):
        points = _run(collector, ticks, host or Host(), prefix, findings)
    if findings:
        raise CollectorContractError(kind.__qualname__, findings)
    return points


def _about_class(kind: Any, collector: Any) -> list[str]:
    if not (isinstance(kind, type) and issubclass(kind, Collector)):
        return [f"{kind!r} is no subclass of pulsemon.collectors.Collector"]
    findings = []
    try:
        check_name(getattr(collector, "name", ""))
    except (TypeError, ValueError) as error:
        findings.append(f"its {error}")
    findings += [
        f"its {field} is {value!r}: a number above 0"
        for field in ("interval_seconds", "deadline_seconds")
        if not isinstance(value := getattr(collector, field), int | float) or not value > 0
    ]
    return findings


def _about_import(module: str) -> list[str]:
    """What importing it does, found out in another process; nothing for a module that only this process has."""
    if module == "__main__" or not _can_be_found(module):
        return []
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    try:
        done = subprocess.run(
            [sys.executable, "-B", "-m", WATCH, module],
            env=environment,
            capture_output=True,
            timeout=IMPORT_SECONDS,
            check=True,
        )
    except subprocess.TimeoutExpired:
        return [f"importing {module} takes more than {IMPORT_SECONDS:g} s"]
    except subprocess.CalledProcessError as error:
        return [f"importing {module} ends the process with {error.returncode}"]
    try:
        found = json.loads(done.stdout.splitlines()[-1])
    except (IndexError, ValueError):
        return [f"importing {module} ends the process"]
    return [f"importing {module} {finding}" for finding in found]


def _can_be_found(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):
        return False


def _run(
    collector: type[Collector] | Collector, ticks: int, host: Host, prefix: str, findings: list[str]
) -> tuple[Point, ...]:
    """The points of the last tick; what is wrong goes to ``findings``."""
    before = set(threading.enumerate())
    try:
        made = collector(host) if isinstance(collector, type) else collector
    except Exception as error:  # noqa: BLE001 - whatever it raises is a finding
        findings.append(f"it cannot be made with a Host ({type(error).__name__}: {error})")
        return ()
    outcomes: queue.SimpleQueue[Outcome] = queue.SimpleQueue()
    worker = Worker(made, outcomes)
    points = _points(worker, outcomes, ticks, Examined(prefix), findings)
    worker.end()
    if worker.join(THREAD_END_SECONDS):
        _close(made, before, findings)
    return points


def _points(
    worker: Worker, outcomes: "queue.SimpleQueue[Outcome]", ticks: int, examined: Examined, findings: list[str]
) -> tuple[Point, ...]:
    points: tuple[Point, ...] = ()
    for number in range(1, ticks + 1):
        answer = _collect(worker, outcomes, number, findings)
        if answer is None:
            return ()
        findings += examined.findings(number, answer)
        points = answer
    if not points:
        findings.append(f"it yields nothing at tick {ticks}: is there anything to collect on this machine?")
    return points


def _collect(
    worker: Worker, outcomes: "queue.SimpleQueue[Outcome]", number: int, findings: list[str]
) -> tuple[Point, ...] | None:
    """What one run yields; None if it raised or did not return."""
    tick_ms = FIRST_TICK_MS + number * TICK_MS
    worker.begin(Tick(tick_ms, tick_ms - TICK_MS if number > 1 else None, "boot", {}))
    deadline_seconds = worker.collector.deadline_seconds
    try:
        outcome = outcomes.get(timeout=deadline_seconds)
    except queue.Empty:
        findings.append(f"tick {number} did not return within its deadline of {deadline_seconds:g} s")
        return None
    if outcome.error is not None:
        findings.append(f"tick {number} raised {type(outcome.error).__name__}: {outcome.error}")
        return None
    return tuple(outcome.points)


def _close(collector: Collector, before: set[threading.Thread], findings: list[str]) -> None:
    begun = time.monotonic()
    try:
        collector.close()
    except Exception as error:  # noqa: BLE001 - whatever it raises is a finding
        findings.append(f"close() raised {type(error).__name__}: {error}")
    seconds = time.monotonic() - begun
    if seconds > CLOSE_SECONDS:
        findings.append(f"close() took {seconds:.1f} s: it must not block")
    for thread in set(threading.enumerate()) - before:
        thread.join(THREAD_END_SECONDS)
        if thread.is_alive():
            findings.append(f"the thread {thread.name} still runs after close()")
