"""Snapshots: small, the same for the same state, and refused where they do not belong."""

from dataclasses import replace
from typing import Any

import pytest
from pulsemon_schemas.rules import default_records
from pulsemon_stream_processors.engine import (
    FORMAT,
    ControlBehindError,
    ControlHistory,
    PartitionEngine,
    StateError,
    pack,
    unpack,
)
from support.engine import SERVER, Log, apply_all, history, place

SERIES = {
    "system.cpu.busy": 0.99,
    "system.memory.available.ratio": 0.01,
    "system.filesystem.utilization|mountpoint=/": 1,
}


def _log() -> Log:
    log = Log()
    log.control = list(default_records())
    log.tick()
    log.run(SERIES, 1200)
    return log


def _states(log: Log) -> tuple[dict[str, Any], dict[str, Any]]:
    engine = log.engine()
    apply_all(engine, log.records)
    state = engine.snapshot(SERVER)
    assert state is not None
    return engine.partition_record(), state


def test_a_snapshot_survives_its_bytes_and_is_small() -> None:
    _, state = _states(_log())
    data = pack(state)
    assert pack(unpack(data)) == data
    assert len(data) < 4096
    assert (state["format"], state["topic_id"], state["partition"]) == (FORMAT, "metrics-topic", 0)


def test_a_snapshot_of_180_series_with_all_default_rules_is_below_4_kb() -> None:
    log = Log()
    log.control = list(default_records())
    log.tick()
    series: dict[str, float] = {f"system.plain.m{number}": number for number in range(120)}
    for number in range(12):
        series |= {f"system.filesystem.utilization|device=d{number},mountpoint=/mnt/{number},type=ext4": 0.4,
                   f"system.filesystem.inodes.utilization|mountpoint=/mnt/{number}": 0.1}  # fmt: skip
    series |= {f"system.cpu.utilization|cpu.mode={mode}": 0.05123 for mode in ("iowait", "steal", "user", "idle")}
    series |= {"system.paging.faults|type=major": 12345, "system.memory.oom_kills": 3, **SERIES}
    log.run(series, 1500)
    assert len(pack(_states(log)[1])) < 4096


def test_a_restored_engine_goes_on() -> None:
    log = _log()
    partition, state = _states(log)
    engine = PartitionEngine.restore(place(), history(log.control), partition, {SERVER: state})
    assert engine.cover == len(log.records) - 1
    assert engine.server_ids == {SERVER}
    assert engine.snapshot(SERVER) == state


@pytest.mark.parametrize(
    "change", [{"topic_id": "made anew"}, {"partition": 1}, {"format": FORMAT + 1}, {"format": None}]
)
def test_state_that_does_not_belong_here_is_refused(change: dict[str, Any]) -> None:
    log = _log()
    partition, state = _states(log)
    with pytest.raises(StateError, match="nothing was restored"):
        PartitionEngine.restore(place(), history(log.control), partition | change, {})
    with pytest.raises(StateError, match="nothing was restored"):
        PartitionEngine.restore(place(), history(log.control), partition, {SERVER: state | change})


def test_a_control_log_that_is_too_short_or_another_is_told() -> None:
    log = _log()
    partition, state = _states(log)
    with pytest.raises(ControlBehindError):
        PartitionEngine.restore(place(), history(log.control[:3]), partition, {SERVER: state})
    log.control[0] = replace(log.control[0], entity_type="route")
    with pytest.raises(StateError, match="not the control log"):
        PartitionEngine.restore(place(), history(log.control), partition, {SERVER: state})


@pytest.mark.parametrize("data", [b"", b"nonsense", pack({})[:-3]])
def test_bytes_that_are_no_snapshot_are_told(data: bytes) -> None:
    with pytest.raises(StateError, match="cannot be read"):
        unpack(data)


def test_a_history_must_count_partitions_alike() -> None:
    with pytest.raises(ValueError, match="4 partitions"):
        PartitionEngine(place(0, 1), ControlHistory(4))


def test_dirty_servers_are_those_that_changed() -> None:
    log = _log()
    engine = log.engine()
    apply_all(engine, log.records)
    assert engine.take_dirty() == {SERVER}
    assert engine.take_dirty() == set()
    log.batch({"m": 1}, "web-2")
    engine.apply(log.records[-1])
    assert engine.take_dirty() == {"web-2"}
