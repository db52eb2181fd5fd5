"""Batches as they stand in Kafka: one body has several, each with its length before it."""

from collections.abc import Sequence

from pulsemon_schemas.batch_head import BatchHead
from pulsemon_schemas.errors import ContractError
from pulsemon_schemas.partitioner import partition_for
from pulsemon_schemas.records import LogRecord
from pulsemon_schemas.topics import METRICS
from pulsemon_schemas.validity import check

from pulsemon_producers.gateway.outgoing import Outgoing
from pulsemon_producers.gateway.point import MAX_LABELS_CHARACTERS, MAX_NAME_CHARACTERS
from pulsemon_producers.gateway.problems import MALFORMED, OTHER_SERVER, Problem, Rejected

LENGTH_BYTES = 4
MAX_BATCHES = 4096


def split(body: bytes) -> list[bytes]:
    """The records of a body. Raises Problem if the lengths do not fit."""
    records: list[bytes] = []
    at = 0
    while at < len(body):
        start = at + LENGTH_BYTES
        at = start + int.from_bytes(body[at:start], "big")
        if start > len(body) or at > len(body) or at == start:
            raise Problem(MALFORMED, f"Batch {len(records)} does not end where its length says; nothing was written.")
        records.append(body[start:at])
    if not records or len(records) > MAX_BATCHES:
        raise Problem(MALFORMED, f"A body has from 1 to {MAX_BATCHES} batches, not {len(records)}.")
    return records


def admit(
    records: Sequence[bytes], server_id: str, partition_count: int, now_ms: int
) -> tuple[list[Outgoing], list[Rejected]]:
    """What may be written as it came, and what may not. Raises Problem if any batch is of another server: then none."""
    key = server_id.encode()
    partition = partition_for(key, partition_count)
    taken: list[Outgoing] = []
    rejected: list[Rejected] = []
    for index, value in enumerate(records):
        try:
            head = check(LogRecord(METRICS.name, partition, -1, now_ms, key, value), partition_count)
            _check_series(head)
        except ContractError as error:
            if error.reason in ("key_mismatch", "bad_signature"):
                raise _other(index, server_id) from error
            rejected.append(Rejected(index, f"/{index}", error.reason, error.detail))
            continue
        taken.append(Outgoing(key, value, partition, head.sample_count, (index,)))
    return taken, rejected


def _check_series(head: BatchHead) -> None:
    if max(map(len, head.names), default=0) > MAX_NAME_CHARACTERS:
        raise ContractError("too_large", f"a name has more than {MAX_NAME_CHARACTERS} characters")
    if max(map(len, head.labels), default=0) > MAX_LABELS_CHARACTERS:
        raise ContractError("too_large", f"labels have more than {MAX_LABELS_CHARACTERS} characters")


def _other(index: int, server_id: str) -> Problem:
    return Problem(
        OTHER_SERVER,
        f"Batch {index} is not of {server_id[:200]!r}, for which the key was made; nothing was written. Set that "
        "server_id, or make a key for the other server with `pulsemon key add`.",
        accepted=0,
    )
