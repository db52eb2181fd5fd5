"""What may be stored of alerts and states of servers, and what a tombstone stands for."""

import pytest
from pulsemon_schemas import codec
from pulsemon_schemas.errors import ContractError
from pulsemon_schemas.partitioner import partition_for
from pulsemon_schemas.records import AlertEvent, LogRecord, ServerState
from pulsemon_schemas.runtime.topic_identity import TopicIdentity
from pulsemon_sinks.canary import alert_canary, server_state_canary
from pulsemon_sinks.judges import PURGED, judge_alert, judge_server_state, purged_state
from support.alerts import state, transition
from support.sinks import AT_MS

IDENTITY = TopicIdentity("log", 4)


def logged(record: AlertEvent | ServerState, key: str = "", partition: int | None = None) -> LogRecord:
    own = (key or record.server_id).encode()
    at = partition_for(own, 4) if own and partition is None else partition or 0
    return LogRecord("t", at, 5, AT_MS, own, codec.encode(record))


def test_valid_records_count_as_one() -> None:
    entry = judge_alert(logged(transition(number=2)), IDENTITY)
    assert (entry.samples, entry.recorded_at_ms, entry.fault) == (1, AT_MS + 20_000, None)
    assert judge_server_state(logged(state()), IDENTITY).recorded_at_ms == AT_MS


@pytest.mark.parametrize(
    ("reason", "record"),
    [
        ("key_mismatch", logged(transition(), key="db-1")),
        ("wrong_partition", logged(transition(), partition=3 - partition_for(b"web-1", 4))),
        ("malformed", logged(transition(""))),
        ("malformed", logged(transition(started_at_ms=1_577_836_799_999))),
        ("malformed", logged(transition(occurred_at_ms=4_102_444_800_000))),
        ("unknown_schema", logged(state())),
        ("framing", logged(transition())._replace(value=b"")),
    ],
)
def test_a_bad_transition(reason: str, record: LogRecord) -> None:
    with pytest.raises(ContractError) as caught:
        judge_alert(record, IDENTITY)
    assert caught.value.reason == reason


@pytest.mark.parametrize(
    ("reason", "record"),
    [
        ("unknown_schema", logged(transition())),
        ("key_mismatch", logged(state(), key="db-1")),
        ("malformed", logged(state(changed_at_ms=-1))),
        ("malformed", logged(state(last_seen_at_ms=2**62))),
    ],
)
def test_a_bad_state(reason: str, record: LogRecord) -> None:
    with pytest.raises(ContractError) as caught:
        judge_server_state(record, IDENTITY)
    assert caught.value.reason == reason


def test_a_tombstone_is_a_purged_server_and_always_the_same_bytes() -> None:
    tombstone = LogRecord("t", partition_for(b"web-1", 4), 5, AT_MS, b"web-1", b"")
    made = purged_state(tombstone)
    found = codec.decode(made.value)
    assert isinstance(found, ServerState)
    assert (found.server_id, found.status, found.changed_at_ms) == ("web-1", PURGED, AT_MS)
    assert judge_server_state(made, IDENTITY).fault is None
    assert purged_state(tombstone) == made


def test_a_tombstone_whose_key_is_no_text() -> None:
    with pytest.raises(ContractError, match="not_utf8"):
        purged_state(LogRecord("t", 0, 5, AT_MS, b"\xff", b""))


@pytest.mark.parametrize("canary", [alert_canary(), server_state_canary()])
def test_canaries_are_records_of_their_topics(canary: LogRecord) -> None:
    record = codec.decode(canary.value)
    assert isinstance(record, AlertEvent | ServerState)
    judge = judge_alert if isinstance(record, AlertEvent) else judge_server_state
    assert judge(canary, TopicIdentity("log", 1)).fault is None
