"""How a batch stands in a segment of the spool, and how batches are found again in one that was damaged."""

import struct
import zlib
from collections.abc import Iterator
from typing import NamedTuple

from pulsemon_schemas.batch_encoder import BatchEncoder
from pulsemon_schemas.errors import ContractError
from pulsemon_schemas.records import MetricBatch

MAGIC = b"PMSP"
FIELDS = struct.Struct(">QQIII")
"""Serial, samples before, samples, length of the payload, its CRC32."""
HEADER_BYTES = len(MAGIC) + 4 + FIELDS.size
MAX_PAYLOAD_BYTES = 16 * 1024 * 1024
FASTEST = 1


class Found(NamedTuple):
    """A whole record: its place in the count of everything that was ever put, and where in the segment it ends."""

    serial: int
    samples_before: int
    samples: int
    payload: bytes
    end: int

    @property
    def samples_through(self) -> int:
        """All samples that were put up to and with this record."""
        return self.samples_before + self.samples


def encode(serial: int, samples_before: int, batch: MetricBatch, encoder: BatchEncoder) -> bytes:
    """The record: magic, CRC32 of the header, header, compressed Avro. Its identity, if it has one, is in the Avro."""
    payload = zlib.compress(encoder.encode(batch), FASTEST)
    fields = FIELDS.pack(serial, samples_before, len(batch.values), len(payload), zlib.crc32(payload))
    return b"".join((MAGIC, zlib.crc32(fields).to_bytes(4, "big"), fields, payload))


def decode(found: Found) -> MetricBatch:
    """The batch of a record. Raises ContractError if it is none, whatever the checksums say."""
    from pulsemon_schemas.walker import walk

    try:
        head = walk(zlib.decompress(found.payload))
    except zlib.error as error:
        raise ContractError("malformed", f"spooled batch {found.serial}: {error}") from error
    return MetricBatch(
        server_id=head.server_id,
        source=head.source,
        producer_id=head.producer_id,
        sequence=head.sequence,
        previous_producer_id=head.previous_producer_id,
        previous_sequence=head.previous_sequence,
        recorded_at_ms=head.recorded_at_ms,
        sent_at_ms=head.sent_at_ms,
        names=head.names,
        labels=head.labels,
        values=head.values(),
        dropped=dict(head.dropped),
    )


def scan(data: bytes, start: int = 0) -> Iterator[Found]:
    """Every whole record from ``start`` on. What is torn or damaged is passed over, up to the next whole header."""
    at = data.find(MAGIC, start)
    while at >= 0:
        found = _at(data, at)
        if found is not None:
            yield found
        # a damaged payload may hold anything, so the next header is looked for from its first byte
        at = data.find(MAGIC, at + 1 if found is None else found.end)


def _at(data: bytes, at: int) -> Found | None:
    start = at + HEADER_BYTES
    fields = data[start - FIELDS.size : start]
    if (
        len(fields) < FIELDS.size
        or zlib.crc32(fields).to_bytes(4, "big") != data[at + len(MAGIC) : start - FIELDS.size]
    ):
        return None
    serial, samples_before, samples, length, checksum = FIELDS.unpack(fields)
    payload = data[start : start + length]
    if length > MAX_PAYLOAD_BYTES or len(payload) < length or zlib.crc32(payload) != checksum:
        return None
    return Found(serial, samples_before, samples, payload, start + length)
