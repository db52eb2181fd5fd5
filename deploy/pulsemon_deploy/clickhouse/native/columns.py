"""Where a column ends. Blocks carry no length on the wire, so types say how many bytes their values take.

A type is compiled once to two moves over a Source: over the state before the values, and over the values of ``rows``.
Types that are not listed here are refused with code 48: to guess a length would be to misread all that follows.
"""

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pulsemon_deploy.clickhouse.engine.errors import INCORRECT_DATA, NOT_IMPLEMENTED, ProtocolError
from pulsemon_deploy.clickhouse.native.source import Source
from pulsemon_deploy.clickhouse.native.types import Type, parse_type

Prefix = Callable[[Source], None]
Values = Callable[[Source, int], None]

WIDTHS: Mapping[str, int] = {
    **dict.fromkeys(("UInt8", "Int8", "Bool", "Enum8", "Nothing"), 1),
    **dict.fromkeys(("UInt16", "Int16", "Enum16", "Date", "BFloat16"), 2),
    **dict.fromkeys(("UInt32", "Int32", "Float32", "DateTime", "Date32", "IPv4", "Time", "Decimal32"), 4),
    **dict.fromkeys(("UInt64", "Int64", "Float64", "DateTime64", "Time64", "Decimal64"), 8),
    **dict.fromkeys(("UUID", "IPv6", "UInt128", "Int128", "Decimal128"), 16),
    **dict.fromkeys(("UInt256", "Int256", "Decimal256"), 32),
}
DECIMAL_WIDTHS = ((9, 4), (18, 8), (38, 16), (76, 32))  # (digits at most, bytes)

GLOBAL_DICTIONARY = 0x100
ADDITIONAL_KEYS = 0x200
INDEX_WIDTH_MASK = 0xF


@dataclass(frozen=True, slots=True)
class Skipper:
    """The two moves over one column. A column without rows has neither."""

    prefix: Prefix
    values: Values


@functools.lru_cache(maxsize=1024)
def skipper(type_name: str) -> Skipper:
    """The moves for a type by its name on the wire. ProtocolError 48 for types that cannot be inserted here."""
    return _compile(parse_type(type_name))


def _compile(kind: Type) -> Skipper:
    if kind.name in WIDTHS:
        return _fixed(WIDTHS[kind.name])
    if kind.name.startswith("Interval"):
        return _fixed(8)
    try:
        return _COMPILERS[kind.name](kind)
    except (KeyError, IndexError, StopIteration):
        raise ProtocolError(
            NOT_IMPLEMENTED,
            f"columns of type {kind.name} cannot be inserted into the embedded engine; nothing was stored",
        ) from None


def _nothing(_source: Source) -> None:
    pass


def _fixed(width: int) -> Skipper:
    return Skipper(_nothing, lambda source, rows: source.skip(rows * width))


def _string(_kind: Type) -> Skipper:
    return Skipper(_nothing, Source.skip_strings)


def _fixed_string(kind: Type) -> Skipper:
    return _fixed(kind.number(0))


def _decimal(kind: Type) -> Skipper:
    return _fixed(next(width for digits, width in DECIMAL_WIDTHS if kind.number(0) <= digits))


def _nullable(kind: Type) -> Skipper:
    inner = _compile(kind.inner(0))

    def values(source: Source, rows: int) -> None:
        source.skip(rows)
        inner.values(source, rows)

    return Skipper(inner.prefix, values)


def _array_of(inner: Skipper) -> Skipper:
    def values(source: Source, rows: int) -> None:
        if rows:
            source.skip(8 * (rows - 1))
            inner.values(source, source.u64())  # the last offset is the number of all elements

    return Skipper(inner.prefix, values)


def _array(kind: Type) -> Skipper:
    return _array_of(_compile(kind.inner(0)))


def _map(kind: Type) -> Skipper:
    return _array_of(_row_of([_compile(kind.inner(0)), _compile(kind.inner(1))]))


def _nested(kind: Type) -> Skipper:
    return _array_of(_tuple(kind))


def _tuple(kind: Type) -> Skipper:
    return _row_of([_compile(kind.element(place)) for place in range(len(kind.arguments))])


def _row_of(parts: list[Skipper]) -> Skipper:
    def prefix(source: Source) -> None:
        for part in parts:
            part.prefix(source)

    def values(source: Source, rows: int) -> None:
        for part in parts:
            part.values(source, rows)
        if not parts:
            source.skip(rows)

    return Skipper(prefix, values)


def _aggregate(kind: Type) -> Skipper:
    return _compile(kind.inner(len(kind.arguments) - 1))


def _low_cardinality(kind: Type) -> Skipper:
    inner = kind.inner(0)
    keys = _compile(inner.inner(0) if inner.name == "Nullable" else inner)

    def values(source: Source, rows: int) -> None:
        while rows > 0:
            flags = source.u64()
            if flags & GLOBAL_DICTIONARY:
                raise ProtocolError(
                    NOT_IMPLEMENTED, "global dictionaries of LowCardinality are not supported; nothing was stored"
                )
            if flags & ADDITIONAL_KEYS:
                keys.values(source, source.u64())
            count = source.u64()
            if not 0 < count <= rows:
                raise ProtocolError(INCORRECT_DATA, "a LowCardinality column is malformed; nothing was stored")
            source.skip(count << (flags & INDEX_WIDTH_MASK))
            rows -= count

    return Skipper(lambda source: source.skip(8), values)


_COMPILERS: Mapping[str, Callable[[Type], Skipper]] = {
    "String": _string,
    "FixedString": _fixed_string,
    "Decimal": _decimal,
    "Nullable": _nullable,
    "Array": _array,
    "Map": _map,
    "Nested": _nested,
    "Tuple": _tuple,
    "SimpleAggregateFunction": _aggregate,
    "LowCardinality": _low_cardinality,
}
