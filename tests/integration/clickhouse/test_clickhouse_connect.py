"""The other Python client, over HTTP."""

import datetime as dt
import uuid
from collections.abc import Iterator

import clickhouse_connect
import numpy as np
import pandas as pd
import pytest
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import DatabaseError
from pulsemon_sinks.clickhouse.settings import ClickHouseSettings
from support.clickhouse import Engine

pytestmark = pytest.mark.clickhouse


@pytest.fixture
def client(own: ClickHouseSettings) -> Iterator[Client]:
    client = _client(own)
    yield client
    client.close()


def _client(settings: ClickHouseSettings) -> Client:
    return clickhouse_connect.get_client(
        host=settings.host,
        port=settings.http_port,
        username=settings.user,
        password=settings.password.reveal(),
        database=settings.database,
    )


def test_types_and_100_000_rows(client: Client) -> None:
    client.command(
        "CREATE TABLE t (id UInt64, s String, lc LowCardinality(String), f Float64, at DateTime64(3, 'UTC'), "
        "e Enum8('ok' = 1, 'warn' = 2), names Array(String), m Map(LowCardinality(String), Float64), "
        "n Nullable(Float64), u UUID, pair Tuple(String, Float64), b Bool) ENGINE = MergeTree ORDER BY id"
    )
    at = dt.datetime(2026, 11, 23, 8, 0, 0, 123000, dt.UTC)
    row = [1, "héllo\n\n;", "prod", 1.5, at, "warn", ["a", ""], {"cpu": 1.0}, None, uuid.UUID(int=5), ("t", 2.0), True]
    client.insert("t", [row] * 100_000)
    assert client.query("SELECT count() FROM t").result_rows == [(100_000,)]
    (found,) = client.query("SELECT * FROM t LIMIT 1").result_rows
    assert [value.replace(tzinfo=dt.UTC) if isinstance(value, dt.datetime) else value for value in found] == row


def test_queries(client: Client) -> None:
    assert client.query("SELECT 1, 2").result_rows == [(1, 2)]
    assert client.query("SELECT {x:String}", parameters={"x": "it's\n"}).result_rows == [("it's\n",)]
    assert client.query("SELECT getSetting('max_block_size')", settings={"max_block_size": 4711}).result_rows == [
        (4711,)
    ]
    assert client.command("SELECT 13") == 13
    with client.query_row_block_stream("SELECT number FROM numbers(300000)") as blocks:
        assert sum(len(block) for block in blocks) == 300_000


def test_frames(client: Client) -> None:
    client.command("CREATE TABLE d (n UInt64, s String) ENGINE = MergeTree ORDER BY n")
    client.insert_df("d", pd.DataFrame({"n": np.arange(1000, dtype=np.uint64), "s": [str(n) for n in range(1000)]}))
    frame = client.query_df("SELECT n, s FROM d ORDER BY n")
    assert frame.shape == (1000, 2)
    assert client.query("SELECT n, s FROM d WHERE n > 5000").result_rows == []


def test_errors(client: Client, clickhouse: Engine, own: ClickHouseSettings) -> None:
    with pytest.raises(DatabaseError, match="Code: 60"):
        client.query("SELECT * FROM nope")
    reader = _client(clickhouse.reader_of(own))
    with pytest.raises(DatabaseError, match="164"):
        reader.command("CREATE TABLE t (a Int8) ENGINE = Memory")
    assert reader.query("SELECT 1").result_rows == [(1,)]
    reader.close()
