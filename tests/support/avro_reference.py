"""What fastavro alone says about the bytes of a metric batch: the judge of the walker."""

import io
import itertools
from typing import Any

import fastavro
from pulsemon_schemas import codec

SCHEMA = codec.physical_schema(1)
FRAME = b"\x00\x00\x00\x00\x01"
MAX_LONG_BYTES = 10


class _Numbers(io.BytesIO):
    """Notes the longest number. fastavro reads numbers byte by byte; a text of one byte has no high bit."""

    longest = run = 0

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        self.run = self.run + 1 if size == 1 and data >= b"\x80" else 0
        self.longest = max(self.longest, self.run + 1)
        return data


def reference(value: bytes) -> dict[str, Any] | None:
    """The fields of a batch, None if the bytes are not one.

    One rule is added: fastavro reads numbers of any length, modulo something; ClickHouse and we stop at ten bytes.
    """
    if value[:5] != FRAME:
        return None
    body = _Numbers(value)
    body.seek(5)
    try:
        item: Any = fastavro.schemaless_reader(body, SCHEMA)
    except (EOFError, ValueError, IndexError, OverflowError):
        return None
    if body.longest > MAX_LONG_BYTES or body.read():
        return None
    pairs = list(zip(item["names"], item["labels"], strict=False))
    is_equal = len(item["names"]) == len(item["labels"]) == len(item["values"])
    is_sorted = all(first < second for first, second in itertools.pairwise(pairs))
    return item if is_equal and is_sorted else None
