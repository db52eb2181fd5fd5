"""A long control log costs little: versions are judged as they come, bodies are read when somebody asks for them."""

import json
import random
import time
from typing import Any

import pytest
from pulsemon_schemas.records import ControlRecord
from pulsemon_schemas.rules import Rule, ServerProfile
from pulsemon_stream_processors.engine import ControlHistory, PartitionEngine, control_history, pack, unpack
from pulsemon_stream_processors.engine.configuration import Configuration
from support.engine import SERVER, Log, alerts, apply_all, history, notices, place
from support.engine_random import random_log

RECORDS, IDS = 50_000, 1_000
CPU_SECONDS = 2.5
"""Half of the five seconds that 100,000 records may take, for half of the records; 0.3 s were measured."""


def _record(number: int) -> ControlRecord:
    """The next version of a rule, a silence, a command or a server; each of a thousand ids again and again."""
    kind = ("rule", "silence", "alert_command", "server")[number % 4]
    body = {
        "rule": {"metric": "system.cpu.busy", "levels": {"critical": {"limit": 0.5 + number / 1_000_000}}},
        "silence": {"intervals": [[1_780_000_000_000 + number, 1_780_000_000_001 + number]]},
        "alert_command": {"alert_id": "a", "server_id": "web-1", "command": "acknowledge"},
        "server": {"environment": "production"},
    }[kind]
    expected = number - IDS if number >= IDS else -1
    return ControlRecord(kind, str(number % IDS), "put", expected, f"{number}", "tests", "", "", json.dumps(body))


def test_a_long_log_is_folded_and_put_in_force_within_its_share_of_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    parse = control_history._parse

    def counted(record: ControlRecord, *more: Any) -> Any:
        read.append(record.entity_type)
        return parse(record, *more)

    monkeypatch.setattr(control_history, "_parse", counted)
    records = [_record(number) for number in range(RECORDS)]
    began = time.process_time()
    control = ControlHistory(1)
    for offset, record in enumerate(records):
        assert not control.append(offset, record).void
    assert read == []
    configuration = Configuration()
    for change in control.standing(lambda _: RECORDS):
        assert configuration.take(change) == ""
    configuration.rank()
    seconds = time.process_time() - began
    assert len(read) == 3 * IDS // 4, "only what is in force, and no command"
    assert control.rule(RECORDS - 4).levels[0].limit == pytest.approx(0.5 + (RECORDS - 4) / 1_000_000)
    assert seconds <= CPU_SECONDS, f"{seconds:.1f} s"


def test_rules_and_servers_are_read_once() -> None:
    log = Log()
    log.configure("rule/a", {"metric": "m", "levels": {}})
    log.configure("server/web-1", {})
    for change, kind in zip(history(log.control).changes(-1, 1), (Rule, ServerProfile), strict=True):
        entity, _ = change.read()
        assert isinstance(entity, kind)
        assert change.read()[0] is entity


def test_a_quiet_period_leaves_when_its_time_has_passed() -> None:
    log = Log()
    for number in range(20):
        log.configure(f"silence/{number}", {"intervals": [[log.now_ms, log.now_ms + 10_000 * (number + 1)]]})
    engine = log.engine()
    left = []
    for _ in range(20):
        engine.apply(log.tick())
        left.append(len(engine._configuration.quiet))
        log.wait(10)
    assert left == list(range(20, 0, -1))
    engine.apply(log.tick())
    assert engine._configuration._over_ms == {}


def test_a_silence_that_is_made_anew_after_its_end_holds_again() -> None:
    log = Log()
    log.configure("rule/busy", {"metric": "m", "levels": {"info": {"limit": 1}}})
    log.configure("silence/s", {"intervals": [[log.now_ms, log.now_ms + 10_000]]})
    log.run({"m": 2.0}, 30)
    log.configure("silence/s", {"intervals": [[log.now_ms, log.now_ms + 60_000]]})
    log.run({"m": 2.0}, 10)
    assert [event.suppressed_by for event in log.alerts()][-1] == ("silence/s",)


@pytest.mark.parametrize("seed", range(8))
def test_what_stands_is_what_all_changes_make(seed: int) -> None:
    control = history(random_log(seed, 150).control)
    limit = random.Random(seed).randrange(control.offset)
    whole, standing = Configuration(), Configuration()
    for change in control.changes(-1, limit):
        whole.take(change)
    for change in control.standing(lambda _: limit):
        standing.take(change)
    for one in (whole, standing):
        one.rank()
    assert standing.quiet == whole.quiet
    assert standing._rules == whole._rules
    assert standing._servers == whole._servers


def test_versions_that_a_tick_passes_over_are_not_told() -> None:
    log = Log()
    log.configure("rule/a", {"metric": 1})
    log.configure("rule/a", {"metric": "m", "levels": {"info": {"limit": 1}}})
    log.configure("rule/b", {"metric": 1})
    log.run({"m": 2.0}, 10)
    assert [event["entity"] for event in notices(log.outputs())] == ["rule/b"]
    assert [event.rule_version for event in log.alerts()] == [1]


def test_a_command_in_a_restored_log_is_obeyed_where_its_tick_is() -> None:
    log = Log()
    log.configure("rule/busy", {"metric": "m", "levels": {"info": {"limit": 1}}})
    log.run({"m": 2.0}, 10)
    engine = log.engine()
    apply_all(engine, log.records)
    body = {"alert_id": log.alerts()[0].alert_id, "server_id": SERVER, "command": "resolve"}
    log.configure("alert_command/1", body)
    state = unpack(pack(engine.snapshot(SERVER) or {}))
    restored = PartitionEngine.restore(place(), history(log.control), engine.partition_record(), {SERVER: state})
    assert [event.state for event in alerts(restored.apply(log.tick()))] == ["resolved"]
