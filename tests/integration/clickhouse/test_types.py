"""clickhouse-driver, unchanged: every type in both directions, by rows, dicts, columns and numpy."""

import datetime as dt
import ipaddress
import uuid
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest
from clickhouse_driver import Client
from pulsemon_sinks.clickhouse.settings import ClickHouseSettings
from support.clickhouse import Engine

pytestmark = pytest.mark.clickhouse

NOW = dt.datetime(2026, 11, 23, 7, 39, 5, 123000)  # noqa: DTZ001 - the driver gives times of columns without a zone like this
SECOND = NOW.replace(microsecond=0)

# type, then values
COLUMNS: list[tuple[str, list[Any]]] = [
    ("String", ["héllo\n\n;", "", "q" * 5000]),
    ("LowCardinality(String)", ["prod", "dev", "prod"]),
    ("LowCardinality(Nullable(String))", [None, "x", ""]),
    ("FixedString(3)", ["abc", "xyz", "000"]),
    ("Float64", [1.5, float("inf"), -0.0]),
    ("Float32", [0.25, -1.0, float("-inf")]),
    ("UInt8", [255, 0, 1]),
    ("UInt16", [65535, 0, 1]),
    ("UInt32", [2**32 - 1, 0, 0x0A0A0A0A]),
    ("UInt64", [2**64 - 1, 0, 2570]),
    ("Int8", [-128, 127, 0]),
    ("Int16", [-(2**15), 2**15 - 1, 0]),
    ("Int32", [-(2**31), 2**31 - 1, 0]),
    ("Int64", [-(2**63), 2**63 - 1, 0]),
    ("Date", [dt.date(2026, 1, 2), dt.date(1970, 1, 2), dt.date(2100, 1, 1)]),
    ("DateTime", [SECOND, SECOND, SECOND]),
    ("DateTime64(3)", [NOW, NOW, SECOND]),
    ("DateTime64(3, 'UTC')", [NOW, SECOND, NOW]),
    ("Enum8('ok' = 1, 'warn, (x)' = 2)", ["warn, (x)", "ok", "ok"]),
    ("Array(String)", [["a", "", "c" * 300], [], ["x"]]),
    ("Array(Array(Nullable(Int32)))", [[[1, None], [], [3]], [], [[]]]),
    ("Map(LowCardinality(String), Float64)", [{"cpu": 1.0, "mem": 2.5}, {}, {"x": 0.0}]),
    ("Map(String, Array(String))", [{"k": ["v1", "v2"], "e": []}, {}, {"": [""]}]),
    ("Nullable(Float64)", [None, 3.25, None]),
    ("UUID", [uuid.UUID(int=12345), uuid.UUID(int=0), uuid.UUID(int=2**128 - 1)]),
    ("Tuple(String, Float64)", [("t", 2.0), ("", 0.0), ("x", -1.0)]),
    ("Tuple(a UInt8, `b c` Array(LowCardinality(String)))", [(7, ["x", "y", "x"]), (0, []), (1, ["z"])]),
    ("Bool", [True, False, True]),
    ("Decimal(18, 4)", [Decimal("1.2345"), Decimal("-9.9999"), Decimal(0)]),
    ("IPv4", [ipaddress.IPv4Address("10.0.0.1"), ipaddress.IPv4Address("0.0.0.0"), ipaddress.IPv4Address("255.0.0.1")]),
    ("IPv6", [ipaddress.IPv6Address("::1"), ipaddress.IPv6Address("2001:db8::1"), ipaddress.IPv6Address("::")]),
]  # fmt: skip


def _naive(value: Any) -> Any:
    return value.replace(tzinfo=None) if isinstance(value, dt.datetime) else value


@pytest.mark.parametrize(("kind", "values"), COLUMNS, ids=[kind for kind, _ in COLUMNS])
def test_a_type_comes_back_as_it_went(writer: Client, kind: str, values: list[Any]) -> None:
    writer.execute(f"CREATE TABLE t (place UInt32, value {kind}) ENGINE = MergeTree ORDER BY place")
    rows = list(enumerate(values))
    assert writer.execute("INSERT INTO t (place, value) VALUES", rows) == len(rows)
    assert writer.execute("INSERT INTO t VALUES", [[10, 11, 12], values], columnar=True) == 3
    found = writer.execute("SELECT value FROM t ORDER BY place")
    assert [_naive(value) for (value,) in found] == values * 2


def test_all_types_in_one_table_and_many_rows(writer: Client) -> None:
    kinds = ", ".join(f"c{place} {kind}" for place, (kind, _) in enumerate(COLUMNS))
    writer.execute(f"CREATE TABLE t (id UInt64, {kinds}) ENGINE = MergeTree ORDER BY id")
    row = tuple(values[0] for _, values in COLUMNS)
    assert writer.execute("INSERT INTO t VALUES", [(number, *row) for number in range(3000)]) == 3000
    assert writer.execute("SELECT count(), uniqExact(toString(tuple(* EXCEPT id))) FROM t") == [(3000, 1)]


def test_nested_columns(writer: Client) -> None:
    writer.execute("CREATE TABLE t (id UInt8, n Nested(k String, v UInt8)) ENGINE = MergeTree ORDER BY id")
    writer.execute("INSERT INTO t (id, `n.k`, n.v) VALUES", [(1, ["a", "b"], [1, 2]), (2, [], [])])
    assert writer.execute("SELECT n.k, n.v FROM t ORDER BY id") == [(["a", "b"], [1, 2]), ([], [])]


def test_aggregated_columns(writer: Client) -> None:
    writer.execute(
        "CREATE TABLE t (id UInt8, s SimpleAggregateFunction(max, UInt64)) ENGINE = AggregatingMergeTree ORDER BY id"
    )
    assert writer.execute("INSERT INTO t VALUES", [(1, 5), (1, 7)]) == 2
    assert writer.execute("SELECT max(s) FROM t") == [(7,)]


def test_rows_as_dicts_choose_their_columns(writer: Client) -> None:
    writer.execute("CREATE TABLE t (a Int32, s String, twice Int32 MATERIALIZED a * 2) ENGINE = MergeTree ORDER BY a")
    assert writer.execute("INSERT INTO t (s, a) VALUES", [{"a": 3, "s": "z"}]) == 1
    assert writer.execute("INSERT INTO t VALUES", [(4, "y")]) == 1
    assert writer.execute("SELECT a, s, twice FROM t ORDER BY a") == [(3, "z", 6), (4, "y", 8)]


def test_an_empty_answer_has_its_columns(writer: Client) -> None:
    writer.execute("CREATE TABLE t (a Int32, s String) ENGINE = MergeTree ORDER BY a")
    empty = writer.execute("SELECT * FROM t WHERE a > 10; ", with_column_types=True)
    assert empty == ([], [("a", "Int32"), ("s", "String")])


def test_numpy_and_frames(clickhouse: Engine, own: ClickHouseSettings) -> None:
    rows = 20_000
    with clickhouse.client(own, settings={"use_numpy": True}) as client:
        described = "server_id LowCardinality(String), value Float64, at DateTime64(3)"
        client.execute(f"CREATE TABLE m ({described}) ENGINE = MergeTree ORDER BY at")
        columns = [
            np.array([f"srv-{place % 100}" for place in range(rows)], dtype=object),
            np.arange(rows, dtype=np.float64),
            np.full(rows, np.datetime64("2026-01-01T00:00:00.000", "ns")),
        ]
        assert client.execute("INSERT INTO m VALUES", columns, columnar=True) == rows
        frame = client.query_dataframe("SELECT server_id, sum(value) AS total FROM m GROUP BY server_id")
        assert frame.shape == (100, 2)
        assert frame["total"].sum() == rows * (rows - 1) / 2
        client.execute("CREATE TABLE f (a Int32, s String) ENGINE = MergeTree ORDER BY a")
        given = pd.DataFrame({"a": np.arange(100, dtype=np.int32), "s": [str(place) for place in range(100)]})
        assert client.insert_dataframe("INSERT INTO f VALUES", given) == 100
        assert client.query_dataframe("SELECT a FROM f WHERE a < 0").empty
