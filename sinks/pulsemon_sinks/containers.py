"""Avro object containers put together from encoded records: nothing is decoded, and only the place encoded.

An Avro record is the concatenation of its fields, so the place of a record (topic id, partition, offset, append time)
can be written in front of its body, and the result is a record of a schema with those four fields first. Every record
gets a block of its own: a damaged one then cannot shift the decoding of its neighbours.
"""

import io
from collections.abc import Iterable, Mapping
from typing import Any

import fastavro

SYNC_MARKER = b"pulsemon-block!\n"

PLACE_FIELDS: tuple[dict[str, Any], ...] = (
    {"name": "topic_id", "type": "string"},
    {"name": "partition", "type": "int"},
    {"name": "offset", "type": "long"},
    {"name": "append_time", "type": {"type": "long", "logicalType": "timestamp-millis"}},
)


def encode_long(number: int) -> bytes:
    """An Avro long (or int): zigzag, then seven bits a byte, lowest first."""
    rest = (number << 1) ^ (number >> 63)
    out = bytearray()
    while rest > 0x7F:
        out.append(rest & 0x7F | 0x80)
        rest >>= 7
    out.append(rest)
    return bytes(out)


class Places:
    """Encodes the places of one partition's records. The append time is cached: a whole Kafka batch shares it."""

    def __init__(self, topic_id: str, partition: int) -> None:
        text = topic_id.encode()
        self._log = encode_long(len(text)) + text + encode_long(partition)
        self._time_ms = -1
        self._time = b""

    def encode(self, offset: int, append_time_ms: int) -> bytes:
        """The four place fields of one record."""
        if append_time_ms != self._time_ms:
            self._time_ms, self._time = append_time_ms, encode_long(append_time_ms)
        return self._log + encode_long(offset) + self._time


class Container:
    """Builds containers for one record schema, given as parsed JSON.

    ``place_prefix`` stands before the names of the place fields: a record may have fields of these names itself.
    """

    def __init__(self, schema: Mapping[str, Any], place_prefix: str = "") -> None:
        place = [{**field, "name": f"{place_prefix}{field['name']}"} for field in PLACE_FIELDS]
        landed = {"type": "record", "name": "Landed", "fields": [*place, *schema["fields"]]}
        buffer = io.BytesIO()
        fastavro.writer(buffer, fastavro.parse_schema(landed), [], sync_marker=SYNC_MARKER)
        self._header = buffer.getvalue()
        self._heads: dict[int, bytes] = {}

    def build(self, records: Iterable[tuple[bytes, bytes]]) -> bytes:
        """A container of (place, framed value) pairs; the five bytes of framing are left out."""
        parts = [self._header]
        for place, value in records:
            size = len(place) + len(value) - 5
            head = self._heads.get(size)
            if head is None:
                head = self._heads[size] = encode_long(1) + encode_long(size)
            parts += (head, place, value[5:], SYNC_MARKER)
        return b"".join(parts)
