"""Type names and lengths of columns; the integration tests compare both with what clickhouse-driver really sends."""

import struct

import pytest
from pulsemon_deploy.clickhouse.engine.errors import EngineError, ProtocolError
from pulsemon_deploy.clickhouse.native.blocks import read_data, skip_block
from pulsemon_deploy.clickhouse.native.columns import skipper
from pulsemon_deploy.clickhouse.native.source import Source
from pulsemon_deploy.clickhouse.native.types import parse_type
from pulsemon_deploy.clickhouse.native.wire import string, varint


def _u64(*numbers: int) -> bytes:
    return struct.pack(f"<{len(numbers)}Q", *numbers)


@pytest.mark.parametrize(
    ("kind", "rows", "data"),
    [
        ("UInt8", 3, b"abc"),
        ("Decimal(9, 2)", 2, b"x" * 8),
        ("Decimal(38, 2)", 2, b"x" * 32),
        ("FixedString(5)", 2, b"x" * 10),
        ("IntervalDay", 2, b"x" * 16),
        ("DateTime64(3, 'Europe/Berlin')", 2, b"x" * 16),
        ("Enum8('a,)' = 1, 'b' = -2)", 2, b"ab"),
        ("String", 3, string("") + string("x" * 200) + string("é")),
        ("Nullable(UInt16)", 2, b"\x00\x01" + b"x" * 4),
        ("Array(UInt8)", 2, _u64(1, 3) + b"abc"),
        ("Array(UInt8)", 0, b""),
        ("Array(Array(String))", 2, _u64(1, 2) + _u64(0, 1) + string("x")),
        ("Map(String, UInt8)", 1, _u64(2) + string("a") + string("b") + b"xy"),
        ("Tuple()", 2, b"00"),
        ("Tuple(a UInt8, `b c` Array(UInt8))", 1, b"x" + _u64(1) + b"y"),
        ("Nested(a UInt8, b String)", 1, _u64(1) + b"x" + string("y")),
        ("SimpleAggregateFunction(max, UInt64)", 1, b"x" * 8),
        ("LowCardinality(String)", 3, _u64(1) + _u64(0x200, 2) + string("a") + string("b") + _u64(3) + b"\x00\x01\x00"),
        ("LowCardinality(Nullable(String))", 1, _u64(1) + _u64(0x201, 1) + string("") + _u64(1) + b"\x00\x00"),
        ("Array(LowCardinality(String))", 1, _u64(1) + _u64(1) + _u64(0x200, 1) + string("a") + _u64(1) + b"\x00"),
    ],
)
def test_a_column_ends_where_it_ends(kind: str, rows: int, data: bytes) -> None:
    source = Source(data=data + b"the next column")
    _skip(kind, source, rows)
    assert source.place == len(data)
    if data:
        with pytest.raises(EOFError):
            _skip(kind, Source(data=data[:-1]), rows)


def _skip(kind: str, source: Source, rows: int) -> None:
    skip = skipper(kind)
    skip.prefix(source)
    skip.values(source, rows)


@pytest.mark.parametrize(
    "kind", ["JSON", "Dynamic", "Variant(Int8)", "AggregateFunction(sum, Int8)", "Nope", "Array()", "Decimal(99)"]
)
def test_types_that_are_refused(kind: str) -> None:
    with pytest.raises(EngineError) as refused:
        skipper(kind)
    assert refused.value.code == 48


@pytest.mark.parametrize(
    "kind",
    [
        "",
        "Int32)",
        "Int32) ENGINE = File(CSV",
        "Int32, x Int32",
        "Int32 DEFAULT 1",
        "Array(Int32",
        "'x'",
        "Array(" * 50 + "Int8" + ")" * 50,
    ],
)
def test_texts_that_are_no_type(kind: str) -> None:
    with pytest.raises(ProtocolError) as refused:
        skipper(kind)
    assert refused.value.code == 117


def test_elements_of_a_tuple_may_have_names() -> None:
    kind = parse_type("Tuple(a UInt8, `b c` Array(Int8), String)")
    assert [kind.element(place).name for place in range(3)] == ["UInt8", "Array", "String"]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (_u64(1) + _u64(0x300, 1), 48),
        (_u64(1) + _u64(0, 0), 117),
        (_u64(1) + _u64(0, 9), 117),
    ],
)
def test_malformed_dictionaries(data: bytes, code: int) -> None:
    source = Source(data=data + b"x" * 100)
    skip = skipper("LowCardinality(String)")
    skip.prefix(source)
    with pytest.raises(ProtocolError) as refused:
        skip.values(source, 2)
    assert refused.value.code == code


def test_blocks() -> None:
    block = (
        varint(2) + varint(2) + string("a") + string("UInt8") + b"xy" + string("b") + string("String") + b"\x01p\x00"
    )
    source = Source(data=block + b"rest")
    assert skip_block(source) == ((("a", "UInt8"), ("b", "String")), 2)
    assert source.place == len(block)
    info = b"\x01\x00\x02\xff\xff\xff\xff\x00"
    packet = Source(data=string("given") + info + block)
    found = read_data(packet)
    assert (found.table, found.row_count, found.is_end) == ("given", 2, False)
    assert bytes(packet.read) == block
    assert read_data(Source(data=string("") + info + b"\x00\x00")).is_end


def test_hostile_lengths() -> None:
    for data in (varint(1 << 40), varint(1 << 31)):
        with pytest.raises(ProtocolError):
            Source(data=data).string()
    with pytest.raises(ProtocolError):
        Source(data=b"\xff" * 20).varint()
    with pytest.raises(ProtocolError):
        Source(data=b"").skip(1 << 40)
    with pytest.raises(ProtocolError):
        skip_block(Source(data=varint(1 << 30) + varint(1)))
