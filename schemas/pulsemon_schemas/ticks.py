"""Ticks: signed metric batches of a reserved server, which carry the time and the configuration into a partition.

A Tick says: in this partition of this topic, control records up to this offset of that control topic are in force.
"""

import hashlib
import hmac
from dataclasses import replace

from pulsemon_schemas.batch_encoder import BatchEncoder
from pulsemon_schemas.batch_head import BatchHead
from pulsemon_schemas.errors import ContractError
from pulsemon_schemas.labels import canonical
from pulsemon_schemas.labels import parse as parse_labels
from pulsemon_schemas.records import MetricBatch

TICK_SERVER_ID = "_tick"
TICK_KEY = TICK_SERVER_ID.encode()
"""Key of the record that carries a Tick; its partition is the one it was made for, not the key's."""
TICK_SOURCE = "processor"
CONTROL_OFFSET_NAME = "pulsemon.control_offset"
PARTITION_LABEL = "partition"
TOPIC_ID_LABEL = "topic_id"
CONTROL_TOPIC_ID_LABEL = "control_topic_id"


def sign(unsigned: bytes, key: bytes) -> str:
    """The signature of a framed record up to its signature field: HMAC-SHA256 in hex."""
    return hmac.digest(key, unsigned, hashlib.sha256).hex()


def make_tick(
    key: bytes,
    *,
    partition: int,
    topic_id: str,
    control_topic_id: str,
    control_offset: int,
    producer_id: str,
    sequence: int,
    now_ms: int,
) -> MetricBatch:
    """A signed Tick for one partition. ``control_offset`` is -1 while the control log is empty."""
    where = {
        PARTITION_LABEL: str(partition),
        TOPIC_ID_LABEL: topic_id,
        CONTROL_TOPIC_ID_LABEL: control_topic_id,
    }
    tick = MetricBatch(
        server_id=TICK_SERVER_ID,
        source=TICK_SOURCE,
        producer_id=producer_id,
        sequence=sequence,
        previous_producer_id="",
        previous_sequence=-1,
        recorded_at_ms=now_ms,
        sent_at_ms=now_ms,
        names=(CONTROL_OFFSET_NAME,),
        labels=(canonical(where),),
        values=(float(control_offset),),
    )
    return replace(tick, signature=sign(BatchEncoder().encode_unsigned(tick), key))


def control_offset(head: BatchHead) -> int:
    """The offset in the control log up to which records are in force, by a verified Tick."""
    return int(head.values()[0])


def verify(head: BatchHead, value: bytes, partition: int, key: bytes | None, topic_id: str | None = None) -> None:
    """Raises ContractError (bad_signature) unless the Tick was made with this key for this place."""
    if key is None:
        raise ContractError("bad_signature", "a Tick came where no secret is known to check it with")
    if not hmac.compare_digest(head.signature.encode(), sign(value[: head.signed_bytes], key).encode()):
        raise ContractError("bad_signature", "the Tick was not made with this installation's secret")
    if head.names != (CONTROL_OFFSET_NAME,):
        raise ContractError("bad_signature", f"a Tick has one sample of {CONTROL_OFFSET_NAME}")
    where = _where(head)
    if where.get(PARTITION_LABEL) != str(partition):
        raise ContractError("bad_signature", f"the Tick is for partition {where.get(PARTITION_LABEL)}, not {partition}")
    if topic_id is not None and where.get(TOPIC_ID_LABEL) != topic_id:
        raise ContractError("bad_signature", f"the Tick is for topic {where.get(TOPIC_ID_LABEL)}, not {topic_id}")


def _where(head: BatchHead) -> dict[str, str]:
    try:
        return parse_labels(head.labels[0])
    except ValueError as error:
        raise ContractError("bad_signature", str(error)) from error
