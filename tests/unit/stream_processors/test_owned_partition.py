"""What is written, and when, by a partition that works on a real engine."""

import pytest
from pulsemon_stream_processors.checkpoint import EMITTED_KEY, PARTITION_KEY, read_checkpoint
from pulsemon_stream_processors.engine import OffsetGapError, PartitionEngine, StateError
from pulsemon_stream_processors.owned_partition import Applied, OwnedPartition
from pulsemon_stream_processors.topic_names import TopicNames
from pulsemon_stream_processors.transactions import Write
from support.engine import TOPIC_ID, Log, history, place

NAMES = TopicNames("mine.", 1)
STATE = "mine.pulsemon.processor-state"
RULE = {"metric": "system.cpu.busy", "levels": {"critical": {"limit": 0.9}}}


def log_with_an_alert() -> Log:
    log = Log()
    log.configure("rule/busy", RULE)
    log.tick()
    for value in (0.1, 0.95, 0.1):
        log.wait(10)
        log.batch({"system.cpu.busy": value})
    return log


def owned(log: Log, emitted: int = -1) -> OwnedPartition:
    return OwnedPartition(log.engine(), 1, emitted, NAMES)


def state_of(writes: list[Write]) -> dict[bytes, bytes]:
    return {one.key or b"": one.value for one in writes if one.topic == STATE and one.value is not None}


def test_outputs_the_snapshots_of_their_causes_and_the_cover_are_one_transaction() -> None:
    log = log_with_an_alert()
    mine = owned(log)
    assert mine.apply(log.records) == Applied(4)
    writes = mine.take_writes()

    assert {one.topic.removeprefix("mine.pulsemon.") for one in writes} == {
        "alerts", "alert-state", "server-state", "fleet-events", "processor-state",
    }  # fmt: skip
    assert set(state_of(writes)) == {b"web-1", EMITTED_KEY}
    checkpoint = read_checkpoint(state_of(writes), TOPIC_ID)
    assert (checkpoint.emitted, checkpoint.servers["web-1"]["cover"]) == (3, 3)
    assert mine.take_writes() == []


def test_what_was_emitted_before_is_not_written_again() -> None:
    log = log_with_an_alert()
    first = owned(log)
    first.apply(log.records)
    whole = [one for one in first.take_writes() if one.topic != STATE]
    again = owned(log, emitted=2)
    again.apply(log.records)
    rest = [one for one in again.take_writes() if one.topic != STATE]
    assert 0 < len(rest) < len(whole)
    assert rest == whole[-len(rest) :]


def test_nothing_is_written_where_nothing_follows() -> None:
    log = log_with_an_alert()
    mine = owned(log, emitted=10)
    mine.apply(log.records)
    assert mine.take_writes() == []


def test_a_tick_ahead_of_the_control_log_waits_and_what_came_before_is_kept() -> None:
    log = log_with_an_alert()
    log.tick(control_offset=5)
    log.batch({"system.cpu.busy": 0.5})
    mine = owned(log)
    assert mine.apply(log.records) == Applied(4, 5)
    assert mine.engine.cover == 3
    assert mine.take_writes() != []


def test_a_gap_is_refused_and_a_hole_in_the_log_is_passed_over() -> None:
    log = log_with_an_alert()
    mine = owned(log)
    with pytest.raises(OffsetGapError):
        mine.apply([log.records[0], log.records[1], log.records[3]])
    assert mine.engine.cover == 1
    mine.skip_to(3)
    assert mine.apply(log.records) == Applied(4)
    assert any(one.topic == "mine.pulsemon.events" for one in mine.take_writes())


def test_a_round_writes_the_changed_servers_and_a_restored_engine_goes_on_from_it() -> None:
    log = log_with_an_alert()
    mine = owned(log)
    mine.apply(log.records[:3])
    record, server_ids = mine.freeze()
    mine.apply(log.records)
    state = state_of([*mine.snapshots(server_ids), mine.record(record)])
    checkpoint = read_checkpoint(state, TOPIC_ID)

    assert set(state) == {b"web-1", PARTITION_KEY}
    assert checkpoint.partition is not None
    assert (checkpoint.partition["cover"], checkpoint.servers["web-1"]["cover"]) == (2, 3)
    restored = PartitionEngine.restore(place(), history(log.control), checkpoint.partition, checkpoint.servers)
    assert (restored.cover, restored.apply(log.records[3])) == (2, [])
    assert mine.freeze().server_ids == ["web-1"]
    assert mine.freeze().server_ids == []


def test_a_server_that_was_purged_gets_a_tombstone() -> None:
    log = log_with_an_alert()
    log.configure("server/web-1", {"name": "web"})
    log.tick()
    log.configure("server/web-1", None, operation="purged")
    log.tick()
    mine = owned(log)
    mine.apply(log.records)
    assert Write(STATE, 0, b"web-1", None) in mine.snapshots(mine.freeze().server_ids)


def test_state_of_another_life_of_the_topic_is_none() -> None:
    log = log_with_an_alert()
    mine = owned(log)
    mine.apply(log.records)
    state = state_of([*mine.take_writes(), mine.record(mine.freeze().record)])
    checkpoint = read_checkpoint(state, "another-topic")
    assert (checkpoint.partition, checkpoint.servers, checkpoint.emitted) == (None, {}, -1)
    with pytest.raises(StateError):
        read_checkpoint({b"web-1": b"no state"}, TOPIC_ID)


def test_dead_letters_go_where_their_key_or_their_partition_says() -> None:
    log = Log()
    log.append(b"", b"garbage")
    log.append(b"web-1", b"garbage")
    mine = owned(log)
    mine.apply(log.records)
    letters = [one for one in mine.take_writes() if one.topic == "mine.pulsemon.deadletter"]
    assert [one.value for one in letters] == [b"garbage", b"garbage"]
    assert letters[0].partition == 0
    assert dict(letters[1].headers)["reason"] == "framing"


def test_a_dead_letter_of_a_record_without_key_and_value_has_none_either_and_an_empty_one_is_empty() -> None:
    log = Log()
    missing = log.append(b"", b"")
    log.append(b"", b"")
    mine = owned(log)
    mine.apply([missing._replace(lacks_key=True, lacks_value=True), *log.records[1:]])
    letters = [one for one in mine.take_writes() if one.topic == "mine.pulsemon.deadletter"]
    assert [(one.key, one.value) for one in letters] == [(None, None), (b"", b"")]
    assert {one.partition for one in letters} == {0}
    assert {dict(one.headers)["role"] for one in letters} == {"processor"}
