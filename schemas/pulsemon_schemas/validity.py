"""Whether a record of the metrics topic is valid: one pure function of the record and the time the log gave it.

Gateway, engine and sink all ask it, so that they agree. It reads no clock and keeps no state that changes an answer.
"""

from pulsemon_schemas.batch_head import BatchHead
from pulsemon_schemas.errors import ContractError
from pulsemon_schemas.partitioner import partition_for
from pulsemon_schemas.records import LogRecord
from pulsemon_schemas.ticks import TICK_SERVER_ID, verify
from pulsemon_schemas.topics import MAX_RECORD_BYTES
from pulsemon_schemas.walker import walk

EARLIEST_MS = 1_577_836_800_000
"""2020-01-01 UTC: older samples come from a clock that was never set."""
MAX_AHEAD_MS = 10 * 60 * 1000
MAX_SAMPLES = 65_536


def check(
    record: LogRecord, partition_count: int, tick_key: bytes | None = None, topic_id: str | None = None
) -> BatchHead:
    """The batch in the record; raises ContractError with a reason of ``reasons.REASONS`` if it is not valid.

    No samples is valid (a heartbeat), and so are NaN and infinite values. ``tick_key`` is the secret that Ticks are
    signed with: without it no Tick is valid. ``topic_id``, if known, must be the one a Tick was made for.
    """
    value = record.value
    if len(value) > MAX_RECORD_BYTES:
        raise ContractError("too_large", f"{len(value)} bytes; at most {MAX_RECORD_BYTES}")
    head = walk(value)
    if head.server_id == TICK_SERVER_ID:
        verify(head, value, record.partition, tick_key, topic_id)
    else:
        _check_place(head, record, partition_count)
    if head.sequence < 0:
        raise ContractError("negative_sequence", f"sequence {head.sequence}")
    if head.sample_count > MAX_SAMPLES:
        raise ContractError("too_large", f"{head.sample_count} samples; at most {MAX_SAMPLES}")
    if head.recorded_at_ms < EARLIEST_MS:
        raise ContractError("too_old", f"recorded_at {head.recorded_at_ms} ms is before 2020")
    if head.recorded_at_ms > record.append_time_ms + MAX_AHEAD_MS:
        ahead_seconds = (head.recorded_at_ms - record.append_time_ms) / 1000
        raise ContractError("too_new", f"recorded_at is {ahead_seconds:.0f} s after the log received it")
    return head


def _check_place(head: BatchHead, record: LogRecord, partition_count: int) -> None:
    if not head.server_id:
        raise ContractError("malformed", "the server_id is empty")
    if record.key != head.server_id.encode():
        raise ContractError("key_mismatch", f"key {record.key[:200]!r}, server_id {head.server_id[:200]!r}")
    wanted = partition_for(record.key, partition_count)
    if record.partition != wanted:
        raise ContractError("wrong_partition", f"in {record.partition}, belongs to {wanted} of {partition_count}")
