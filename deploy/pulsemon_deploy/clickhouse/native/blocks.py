"""Blocks of columns as they arrive from clients and from the engine."""

from collections.abc import Iterator
from dataclasses import dataclass

from pulsemon_deploy.clickhouse.engine.errors import TOO_LARGE_STRING, ProtocolError
from pulsemon_deploy.clickhouse.native.columns import skipper
from pulsemon_deploy.clickhouse.native.source import Source
from pulsemon_deploy.clickhouse.native.wire import ColumnType

MOST_COLUMNS = 10_000


@dataclass(frozen=True, slots=True)
class Block:
    """What a block holds. ``table`` names an external table, "" otherwise."""

    table: str
    columns: tuple[ColumnType, ...]
    row_count: int

    @property
    def is_end(self) -> bool:
        """True for the block that says: no more data."""
        return not self.columns and not self.row_count


def read_data(source: Source) -> Block:
    """A client's Data packet behind its number. The block's bytes are ``source.read`` until the next ``forget``."""
    table = source.string()
    _skip_block_info(source)
    source.forget()
    columns, row_count = skip_block(source)
    return Block(table, columns, row_count)


def skip_block(source: Source) -> tuple[tuple[ColumnType, ...], int]:
    """Moves over one block in the engine's Native format; returns its columns and the number of its rows."""
    column_count, row_count = source.varint(), source.varint()
    if column_count > MOST_COLUMNS:
        raise ProtocolError(TOO_LARGE_STRING, f"a block of {column_count} columns is refused; nothing was stored")
    columns = []
    for _ in range(column_count):
        name, type_name = source.string(), source.string()
        columns.append((name, type_name))
        if row_count:
            skip = skipper(type_name)
            skip.prefix(source)
            skip.values(source, row_count)
    return tuple(columns), row_count


def split_blocks(data: bytes) -> Iterator[tuple[tuple[ColumnType, ...], int, bytes]]:
    """The blocks of a whole answer: columns, rows, bytes."""
    source = Source(data=data)
    while source.place < len(data):
        start = source.place
        columns, row_count = skip_block(source)
        yield columns, row_count, data[start : source.place]


def first_columns(data: bytes) -> tuple[ColumnType, ...]:
    """The columns of the first block; its values are moved over as far as needed to find the names."""
    return skip_block(Source(data=data))[0]


def _skip_block_info(source: Source) -> None:
    while field := source.varint():
        source.skip(1 if field == 1 else 4)
