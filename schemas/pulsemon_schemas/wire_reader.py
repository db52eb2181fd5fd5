"""Reads Avro's binary form step by step, and says exactly what is wrong with it: slow, for what is unusual."""

from collections.abc import Callable, Iterator
from typing import TypeVar

from pulsemon_schemas.errors import ContractError
from pulsemon_schemas.wire import DOUBLE_BYTES

MAX_LONG_BYTES = 10
LONG_MASK = 0xFFFF_FFFF_FFFF_FFFF

Item = TypeVar("Item")


class WireReader:
    """A position in a record. Every method raises ContractError: truncated, malformed or not_utf8."""

    __slots__ = ("data", "position")

    def __init__(self, data: bytes, position: int = 0) -> None:
        self.data = data
        self.position = position

    def long(self) -> int:
        """A long of at most ten bytes. (fastavro takes longer ones, ClickHouse does not.)"""
        data, position = self.data, self.position
        bits = shift = 0
        try:
            while (byte := data[position]) > 0x7F:
                bits |= (byte & 0x7F) << shift
                shift += 7
                position += 1
        except IndexError:
            raise _truncated(data) from None
        if position - self.position >= MAX_LONG_BYTES:
            raise ContractError("malformed", f"a number of more than {MAX_LONG_BYTES} bytes at {self.position}")
        self.position = position + 1
        bits = (bits | byte << shift) & LONG_MASK
        return (bits >> 1) ^ -(bits & 1)

    def text(self) -> str:
        """A string."""
        data = self.data
        size = self.long()
        start = self.position
        if size < 0:
            raise ContractError("malformed", f"a text of {size} bytes at {start}")
        end = self.position = start + size
        if end > len(data):
            raise _truncated(data)
        try:
            return data[start:end].decode()
        except UnicodeDecodeError as error:
            raise ContractError("not_utf8", f"the text at {start}: {error.reason}") from None

    def texts(self) -> tuple[str, ...]:
        """An array of strings."""
        return tuple(self._items(self.text))

    def doubles(self) -> bytes:
        """The bytes of an array of doubles, its blocks joined."""
        return b"".join(self._double_block(count) for count in self._block_counts())

    def counts(self) -> dict[str, int]:
        """A map of longs. Of a key that comes twice the last value counts."""
        return dict(self._items(lambda: (self.text(), self.long())))

    def _items(self, read: Callable[[], Item]) -> Iterator[Item]:
        for count in self._block_counts():
            for _ in range(count):
                yield read()

    def _block_counts(self) -> Iterator[int]:
        """Sizes of the blocks that follow; the caller reads each block before it asks for the next size."""
        while count := self.long():
            if count < 0:  # then the size of the block in bytes stands before its items
                count = -count
                self.long()
            if count > len(self.data) - self.position:  # an item has at least a byte
                raise _truncated(self.data)
            yield count

    def _double_block(self, count: int) -> bytes:
        start = self.position
        end = self.position = start + count * DOUBLE_BYTES
        if end > len(self.data):
            raise _truncated(self.data)
        return self.data[start:end]


def _truncated(data: bytes) -> ContractError:
    return ContractError("truncated", f"{len(data)} bytes end inside the record")
