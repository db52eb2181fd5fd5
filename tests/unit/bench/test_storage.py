"""What ``bench storage`` stores, and how the peers are given the same."""

from itertools import pairwise
from pathlib import Path

import pytest
from pulsemon_deploy.bench import prometheus_blocks, simulated
from pulsemon_schemas.records import MetricBatch

START = 1_767_225_600


def test_the_simulated_fleet_is_the_simulators_and_mostly_labelled() -> None:
    found = list(simulated.batches(2, START, START + 120))
    assert len(found) == 2 * 12
    for one in found:
        keys = list(zip(one.names, one.labels, strict=True))
        assert keys == sorted(set(keys))
        assert len(one.values) == len(keys) > 20
    assert [one.sequence for one in found[:12]] == list(range(12))
    assert all(later.recorded_at_ms - one.recorded_at_ms == 10_000 for one, later in pairwise(found[:12]))
    assert simulated.labelled_share(2, START) >= 0.4


def test_prometheus_gets_the_same_series_in_its_own_words(tmp_path: Path) -> None:
    batch = MetricBatch(
        "web-1", "agent", "p", 0, "", -1, START * 1000, START * 1000,
        ("system.cpu.busy", "system.disk.io.rate"), ("", 'device="sda",direction=read'), (0.25, 7.0), {},
    )  # fmt: skip
    path = tmp_path / "text"
    assert prometheus_blocks._write([batch], path) == 2
    assert path.read_text("utf-8").splitlines() == [
        f'system_cpu_busy{{instance="web-1"}} 0.25 {float(START)}',
        f'system_disk_io_rate{{instance="web-1",device="\\"sda\\"",direction="read"}} 7.0 {float(START)}',
        "# EOF",
    ]


def test_without_its_tool_that_peer_is_left_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", "")
    assert prometheus_blocks.size([], tmp_path / "blocks") is None
