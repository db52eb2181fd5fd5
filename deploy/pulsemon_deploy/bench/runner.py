"""Finds a benchmark by name, warms it up, runs its rounds and prints the report."""

import importlib
import json as json_format
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pulsemon_deploy.bench.figures import Measurement, figures
from pulsemon_deploy.bench.report import Report


class Rounds(Protocol):
    """What a benchmark measures, again and again, each time from the same state."""

    def warm_up(self) -> None:
        """Does what a round does, shortly, so that the first one is like the others."""

    def measure(self) -> Mapping[str, Measurement]:
        """One round: every figure by its key."""
        ...


@dataclass(frozen=True, slots=True)
class Bench:
    """One benchmark.

    ``prepare`` starts what is measured in an empty folder, for a quick run or a long one. ``packages`` are named with
    their versions in the report.
    """

    prepare: Callable[[Path, bool], AbstractContextManager[Rounds]]
    rounds: int
    quick_rounds: int
    packages: Sequence[str]


# Imported when asked for: each needs parts that others do without.
BENCHES: Mapping[str, str] = {
    "agent": "pulsemon_deploy.bench.agent",
    "alert-latency": "pulsemon_deploy.bench.alert_latency",
    "backtest": "pulsemon_deploy.bench.backtest",
    "client": "pulsemon_deploy.bench.client",
    "control": "pulsemon_deploy.bench.control",
    "engine": "pulsemon_deploy.bench.engine",
    "gateway": "pulsemon_deploy.bench.gateway",
    "processor": "pulsemon_deploy.bench.processor",
    "query": "pulsemon_deploy.bench.query",
    "replay": "pulsemon_deploy.bench.replay",
    "sink": "pulsemon_deploy.bench.sink",
    "stack": "pulsemon_deploy.bench.stack",
    "storage": "pulsemon_deploy.bench.storage",
    "store-engine": "pulsemon_deploy.bench.store_engine",
}


def run(name: str, quick: bool, json: bool) -> str:
    """Runs a benchmark and returns its report as JSON or as a table."""
    report = measure(load(name), name, quick)
    return json_format.dumps(report.as_json()) if json else report.as_text()


def load(name: str) -> Bench:
    """The benchmark of a name that stands in ``BENCHES``."""
    bench = importlib.import_module(BENCHES[name]).BENCH
    assert isinstance(bench, Bench)
    return bench


def measure(bench: Bench, name: str, quick: bool) -> Report:
    """Warms up, measures, and sums up."""
    count = bench.quick_rounds if quick else bench.rounds
    with tempfile.TemporaryDirectory(prefix="pulsemon-bench-") as folder, bench.prepare(Path(folder), quick) as rounds:
        rounds.warm_up()
        results = [rounds.measure() for _ in range(count)]
    return Report(name, count, figures(results), bench.packages)
