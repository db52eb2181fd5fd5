"""The smallest parts of Avro's binary form and of the framing, as bytes."""

import struct
from collections.abc import Sequence

MAGIC = 0
FRAME_BYTES = 5
DOUBLE_BYTES = 8
END_OF_BLOCKS = b"\x00"
SHORT = tuple(bytes((length << 1,)) for length in range(64))
"""Lengths in one byte, as nearly every name and label has."""


def frame(schema_id: int) -> bytes:
    """What stands before each body: magic 0 and the id, as tools that know a schema registry expect."""
    return struct.pack(">BI", MAGIC, schema_id)


def encode_long(number: int) -> bytes:
    """A long (or int) in zigzag, seven bits a byte, lowest first."""
    rest = (number << 1) ^ (number >> 63)
    out = bytearray()
    while rest > 0x7F:
        out.append(rest & 0x7F | 0x80)
        rest >>= 7
    out.append(rest)
    return bytes(out)


def encode_text(text: str) -> bytes:
    """A string: its length in bytes, then UTF-8. Raises UnicodeEncodeError for lone surrogates."""
    raw = text.encode()
    length = len(raw)
    return (SHORT[length] if length < len(SHORT) else encode_long(length)) + raw


def encode_texts(texts: Sequence[str]) -> bytes:
    """An array of strings in one block."""
    if not texts:
        return END_OF_BLOCKS
    return encode_long(len(texts)) + b"".join(map(encode_text, texts)) + END_OF_BLOCKS


def encode_doubles(values: Sequence[float]) -> bytes:
    """An array of doubles in one block."""
    if not values:
        return END_OF_BLOCKS
    return encode_long(len(values)) + struct.pack(f"<{len(values)}d", *values) + END_OF_BLOCKS
