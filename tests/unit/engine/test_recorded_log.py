"""The recorded log of the proofs really holds what makes exactness hard: each thing in it has an effect.

The same small log is replayed twice, and in pieces; `make prove-replay` does so with all of its six hours.
"""

import functools
from collections import Counter
from itertools import pairwise

from pulsemon_schemas.batch_head import BatchHead
from pulsemon_schemas.errors import ContractError
from pulsemon_schemas.records import AlertEvent, LogRecord
from pulsemon_schemas.ticks import TICK_KEY
from pulsemon_schemas.topics import DEADLETTER, SERVER_STATE
from pulsemon_schemas.walker import walk
from support.engine import alerts, notices
from support.recorded_log import CLOCK_ERROR_MS, RULE, TICK_SECONDS, Plan, Recording, hosts_of, record
from support.recorded_replay import Replayed, logs_of, replayed

PLAN = Plan(
    "metrics-id", "control-id", b"secret", 1_780_000_000_000, servers=24, seconds=1800, commands=30, garbage=0.006
)
CUT, DEAD, SPEAKER = "server-0001", "server-0002", "server-0000"


@functools.cache
def _recording() -> tuple[Recording, list[list[LogRecord]]]:
    made = record(PLAN)
    return made, logs_of(made.entries(), PLAN.partition_count)


@functools.cache
def _run() -> Replayed:
    return replayed(*_recording())


@functools.cache
def _alerts() -> list[AlertEvent]:
    return alerts(_run().outputs)


def _of(server_id: str, rule_id: str) -> list[str]:
    return [event.state for event in _alerts() if (event.server_id, event.rule_id) == (server_id, rule_id)]


def _batches(server_id: str = "") -> list[tuple[LogRecord, BatchHead]]:
    """The valid batches of all servers, or of one, with their records."""
    found = []
    for one in (one for log in _recording()[1] for one in log if one.key != TICK_KEY):
        try:
            head = walk(one.value)
        except ContractError:
            continue
        if one.key == head.server_id.encode() and server_id in {"", head.server_id}:
            found.append((one, head))
    return found


def test_the_same_again_and_in_pieces_is_the_same() -> None:
    whole = _run().digest()
    assert replayed(*_recording()).digest() == whole
    assert replayed(*_recording(), splits=25).digest() == whole


def test_rules_are_edited_in_mid_window_and_some_edits_are_void() -> None:
    versions = {event.rule_version for event in _alerts() if event.rule_id.startswith(RULE)}
    assert len(versions) > 15
    assert sum(one.entity_type == "rule" and one.author == "recorder" for one in _recording()[0].control) > 50
    assert len({event.rule_version for event in _alerts() if event.server_id == "server-0005"}) > 3


def test_relabelled_servers_fall_under_other_rules_and_a_purged_one_is_gone() -> None:
    reasons = Counter(event.reason.split()[-2] for event in _alerts() if event.reason.endswith("series now"))
    assert reasons
    assert [one for one in _run().outputs if one.topic == SERVER_STATE.name and one.value is None]


def test_most_commands_hit_an_open_alert() -> None:
    hits = [event for event in _alerts() if event.actor == "recorder" and event.state != "expired"]
    assert {event.reason for event in hits} == {"acknowledge", "unacknowledge", "resolve"}
    assert len(hits) >= 0.6 * PLAN.commands


def test_a_silence_holds_while_alerts_fire() -> None:
    assert any(event.suppressed_by == ("silence/quiet",) for event in _alerts())


def test_a_host_that_is_cut_off_is_down_and_back_with_late_data_and_a_dead_one_stays_down() -> None:
    assert _of(CUT, "server_down")[-2:] == ["firing", "resolved"]
    assert any(event.late for event in _alerts() if event.server_id == CUT)
    assert _of(DEAD, "server_down") == ["firing", "firing"]


def test_clocks_are_five_minutes_off_either_way() -> None:
    errors = {round((head.sent_at_ms - one.append_time_ms) / 60_000) for one, head in _batches()}
    assert errors == {-CLOCK_ERROR_MS // 60_000, 0, CLOCK_ERROR_MS // 60_000}


def test_the_broker_is_away_and_nobody_is_called_down_for_it() -> None:
    for engine in _run().partitions:
        assert engine.partition_record()["time"]["hole_ms"] > 0
    cut_off = {host.server_id for host in hosts_of(PLAN) if host.number in {1, 2} or host.number % 3 == 1}
    assert {event.server_id for event in _alerts() if event.rule_id == "server_down"} <= cut_off


def test_two_producers_speak_on_one_server_and_batches_come_twice() -> None:
    assert len({head.producer_id for _, head in _batches(SPEAKER)}) == 2
    assert all(engine.counters.duplicates for engine in _run().partitions[:-1])


def test_garbage_of_every_kind_is_a_dead_letter() -> None:
    reasons = Counter(dict(one.headers)["reason"] for one in _run().outputs if one.topic == DEADLETTER.name)
    assert {"key_mismatch", "wrong_partition", "framing", "bad_signature"} <= set(reasons)
    assert reasons.keys() & {"truncated", "malformed"}
    assert "not_applied" not in reasons


def test_a_partition_has_one_server_alone() -> None:
    assert [len(engine.server_ids) for engine in _run().partitions][-1] == 1
    assert min(len(engine.server_ids) for engine in _run().partitions[:-1]) > 1


def test_a_control_log_made_anew_is_refused_and_ticks_of_zombies_change_nothing() -> None:
    refused = [one["partition"] for one in notices(_run().outputs) if one["kind"] == "control_refused"]
    assert len(refused) == len(set(refused)) > 1, "told once in each partition that it came to"
    ticks = [walk(one.value) for one in _recording()[1][0] if one.key == TICK_KEY]
    named = [head.values()[0] for head in ticks if "control_topic_id=control-id" in head.labels[0]]
    assert any(after < before for before, after in pairwise(named))
    assert _run().partitions[0].control_offset == _recording()[0].offsets[PLAN.seconds - TICK_SECONDS]


def test_an_environment_falls_silent_at_once_and_is_back() -> None:
    events = alerts(_run().fleet_outputs)
    assert [(event.server_id, event.state) for event in events] == [
        ("_env:staging", "pending"), ("_env:staging", "firing"), ("_env:staging", "resolved"),
    ]  # fmt: skip
