"""ClickHouse's Native format: one block of columns, made of numpy arrays without an object per row."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# Of a LowCardinality column: the version of its keys, and that its dictionary comes with the block.
_KEYS_VERSION = (1).to_bytes(8, "little")
_HAS_OWN_KEYS = 0x600
_INDEX_TYPES: tuple[type[np.unsignedinteger], ...] = (np.uint8, np.uint16, np.uint32)


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name, ClickHouse's type and the bytes of its rows."""

    name: str
    kind: str
    data: bytes


def numbers(name: str, kind: str, values: NDArray[np.generic]) -> Column:
    """A column of a fixed width; the array's type must be that of the column."""
    return Column(name, kind, np.ascontiguousarray(values).tobytes())


def words(name: str, keys: Sequence[str], indexes: NDArray[np.integer]) -> Column:
    """A LowCardinality(String) column: each row is one of the keys."""
    width = next(number for number, kind in enumerate(_INDEX_TYPES) if len(keys) <= np.iinfo(kind).max)
    data = b"".join(
        (
            _KEYS_VERSION,
            (width | _HAS_OWN_KEYS).to_bytes(8, "little"),
            len(keys).to_bytes(8, "little"),
            b"".join(text(key) for key in keys),
            len(indexes).to_bytes(8, "little"),
            indexes.astype(_INDEX_TYPES[width], copy=False).tobytes(),
        )
    )
    return Column(name, "LowCardinality(String)", data)


def strings(name: str, values: Sequence[str]) -> Column:
    """A String column."""
    return Column(name, "String", b"".join(text(value) for value in values))


def block(columns: Sequence[Column], row_count: int) -> bytes:
    """The block; every column must have ``row_count`` rows."""
    parts = [varint(len(columns)), varint(row_count)]
    for column in columns:
        parts += (text(column.name), text(column.kind), column.data)
    return b"".join(parts)


def text(value: str) -> bytes:
    """A string with its length before it."""
    encoded = value.encode()
    return varint(len(encoded)) + encoded


def varint(number: int) -> bytes:
    """Seven bits a byte, lowest first."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)
