"""Whether a record of a topic may be stored: what each topic asks of its records, beyond what the store refuses."""

from collections.abc import Callable

from pulsemon_schemas import codec
from pulsemon_schemas.errors import ContractError
from pulsemon_schemas.partitioner import partition_for
from pulsemon_schemas.records import AlertEvent, LogRecord, ServerState
from pulsemon_schemas.runtime.topic_identity import TopicIdentity
from pulsemon_schemas.validity import EARLIEST_MS, check

from pulsemon_sinks.buffer import Entry

Judge = Callable[[LogRecord, TopicIdentity], Entry]
"""The entry of a valid record; ContractError for any other."""

LATEST_MS = 4_102_444_800_000
"""2100-01-01 UTC: the store's times end there."""
PURGED = "purged"
"""The status under which a server's end is stored."""


def metrics_judge(tick_key: bytes | None) -> Judge:
    """Batches and Ticks: read no further than their heads."""

    def judge(record: LogRecord, identity: TopicIdentity) -> Entry:
        head = check(record, identity.partition_count, tick_key, identity.topic_id)
        return Entry(record, head.sample_count, head.recorded_at_ms)

    return judge


def judge_alert(record: LogRecord, identity: TopicIdentity) -> Entry:
    """Transitions of alerts. There are few, so each is decoded to see that it is one; what is stored are its bytes."""
    event = codec.decode(record.value)
    if not isinstance(event, AlertEvent):
        raise _foreign(event, AlertEvent)
    _check_place(record, event.server_id, identity)
    _check_time("started_at", event.started_at_ms, EARLIEST_MS)
    _check_time("occurred_at", event.occurred_at_ms, EARLIEST_MS)
    return Entry(record, 1, event.occurred_at_ms)


def judge_server_state(record: LogRecord, identity: TopicIdentity) -> Entry:
    """States of servers, as ``judge_alert``."""
    state = codec.decode(record.value)
    if not isinstance(state, ServerState):
        raise _foreign(state, ServerState)
    _check_place(record, state.server_id, identity)
    _check_time("changed_at", state.changed_at_ms, 0)
    _check_time("last_seen_at", state.last_seen_at_ms, 0)
    return Entry(record, 1, state.changed_at_ms)


def purged_state(tombstone: LogRecord) -> LogRecord:
    """The state that a tombstone stands for: always the same bytes for the same place, as a token needs them.

    ContractError if the key names no server.
    """
    try:
        server_id = tombstone.key.decode()
    except UnicodeDecodeError as error:
        raise ContractError("not_utf8", f"the key {tombstone.key[:200]!r}: {error.reason}") from None
    at = tombstone.append_time_ms
    state = ServerState(server_id, PURGED, "", at, 0, "", {}, "", tombstone.partition, -1, -1)
    return tombstone._replace(value=codec.encode(state))


def _check_place(record: LogRecord, server_id: str, identity: TopicIdentity) -> None:
    if not server_id:
        raise ContractError("malformed", "the server_id is empty")
    if record.key != server_id.encode():
        raise ContractError("key_mismatch", f"key {record.key[:200]!r}, server_id {server_id[:200]!r}")
    wanted = partition_for(record.key, identity.partition_count)
    if record.partition != wanted:
        raise ContractError("wrong_partition", f"in {record.partition}, belongs to {wanted}")


def _check_time(name: str, time_ms: int, earliest_ms: int) -> None:
    if not earliest_ms <= time_ms < LATEST_MS:
        raise ContractError("malformed", f"{name} is {time_ms} ms, not in {earliest_ms} to {LATEST_MS}")


def _foreign(found: object, wanted: type) -> ContractError:
    return ContractError("unknown_schema", f"a {type(found).__name__} is no {wanted.__name__}")
