"""clickhouse-driver's other calls: streams, parameters, settings, external tables, literal inserts, DB-API."""

import datetime as dt

import pytest
from clickhouse_driver import Client, dbapi
from clickhouse_driver.errors import ServerException
from pulsemon_sinks.clickhouse.settings import ClickHouseSettings
from support.clickhouse import Engine

pytestmark = pytest.mark.clickhouse


def test_a_long_answer_comes_in_chunks(writer: Client) -> None:
    stream = writer.execute_iter("SELECT number FROM numbers(300000)", settings={"max_block_size": 10_000})
    assert sum(number for (number,) in stream) == 300_000 * 299_999 // 2


def test_progress_is_reported(writer: Client) -> None:
    assert writer.execute_with_progress("SELECT count() FROM numbers(1000)").get_result() == [(1000,)]


def test_values_are_put_in_by_the_client(writer: Client) -> None:
    values = {"a": 1, "b": "it's\n", "c": dt.date(2026, 1, 1), "d": [1, 2]}
    found = writer.execute("SELECT %(a)s, %(b)s, toDate(%(c)s), %(d)s", values)
    assert found == [(1, "it's\n", dt.date(2026, 1, 1), [1, 2])]


def test_settings_hold_for_their_statement_alone(writer: Client) -> None:
    ask = "SELECT getSetting('max_block_size')"
    usual = writer.execute(ask)
    assert writer.execute(ask, settings={"max_block_size": 4711}) == [(4711,)]
    assert writer.execute(ask) == usual
    assert writer.execute(ask, settings={"no_such_setting": 3}) == usual


def test_an_important_unknown_setting_is_an_error(clickhouse: Engine, own: ClickHouseSettings) -> None:
    with clickhouse.client(own, settings_is_important=True) as client:
        with pytest.raises(ServerException, match="UNKNOWN_SETTING") as refused:
            client.execute("SELECT 1", settings={"no_such_setting": 3})
        assert refused.value.code == 115


def test_external_tables_for_both_logins(writer: Client, reader: Client) -> None:
    table = {
        "name": "given",
        "structure": [("x", "Int32"), ("y", "Array(String)")],
        "data": [{"x": 1, "y": ["a"]}, {"x": 2, "y": []}],
    }
    for client in (writer, reader):
        for _ in range(2):  # dropped in between
            assert client.execute("SELECT sum(x), sum(length(y)) FROM given", external_tables=[table]) == [(3, 1)]
        with pytest.raises(ServerException) as gone:
            client.execute("SELECT * FROM given")
        assert gone.value.code == 60


def test_literal_inserts(writer: Client) -> None:
    writer.execute("CREATE TABLE t (a Int32, s String) ENGINE = MergeTree ORDER BY a")
    writer.execute("INSERT INTO t VALUES (1, 'lit;;\n\nSELECT'), (1 + 1, lower('B'));")
    writer.execute("INSERT /* x */ INTO t (s, a) SETTINGS async_insert = 0 VALUES ('c', 3)")
    writer.execute('INSERT INTO t FORMAT CSV\n4,"blank\n\nline"\n5,e\n')
    writer.execute("INSERT INTO t SELECT a + 10, s FROM t WHERE a = 1")
    assert writer.execute("SELECT a, s FROM t ORDER BY a") == [
        (1, "lit;;\n\nSELECT"),
        (2, "b"),
        (3, "c"),
        (4, "blank\n\nline"),
        (5, "e"),
        (11, "lit;;\n\nSELECT"),
    ]


def test_data_of_a_literal_insert_never_runs(writer: Client) -> None:
    writer.execute("CREATE TABLE t (a Int32) ENGINE = MergeTree ORDER BY a")
    for data in ("VALUES (1); DROP TABLE t", "FORMAT TSV\n1\n\nDROP TABLE t\n"):
        with pytest.raises(ServerException):
            writer.execute(f"INSERT INTO t {data}")
    assert writer.execute("EXISTS t") == [(1,)]


def test_statements_that_are_no_select(writer: Client) -> None:
    writer.execute("CREATE TABLE t (a Int32) ENGINE = MergeTree ORDER BY a")
    assert writer.execute("SHOW TABLES") == [("t",)]
    assert writer.execute("DESCRIBE t")[0][:2] == ("a", "Int32")
    assert writer.execute("EXISTS TABLE t") == [(1,)]
    assert "MergeTree" in writer.execute("SHOW CREATE TABLE t")[0][0]
    assert writer.execute("EXPLAIN SELECT 1")
    assert writer.execute("SELECT 1 AS x FORMAT TabSeparated") == [(1,)]
    assert writer.execute("SELECT sum(number) FROM numbers(3) FORMAT JSON SETTINGS max_threads = 1 -- end") == [(3,)]


def test_sessions_are_apart(clickhouse: Engine, own: ClickHouseSettings) -> None:
    with clickhouse.client(own) as one, clickhouse.client(own) as other:
        one.execute("CREATE TEMPORARY TABLE mine (a Int32)")
        one.execute("SET max_block_size = 4711")
        one.execute("USE system")
        assert other.execute("SELECT currentDatabase(), getSetting('max_block_size') = 4711") == [(own.database, 0)]
        with pytest.raises(ServerException):
            other.execute("SELECT * FROM mine")


def test_db_api(clickhouse: Engine, own: ClickHouseSettings) -> None:
    connection = dbapi.connect(
        host=own.host, port=own.port, user=own.user, password=own.password.reveal(), database=own.database
    )
    cursor = connection.cursor()
    cursor.execute("CREATE TABLE t (a Int32, s String) ENGINE = MergeTree ORDER BY a")
    cursor.executemany("INSERT INTO t (a, s) VALUES", [(1, "x"), (2, "y")])
    cursor.execute("SELECT a, s FROM t ORDER BY a")
    assert cursor.description is not None
    assert [column[0] for column in cursor.description] == ["a", "s"]
    assert cursor.fetchall() == [(1, "x"), (2, "y")]
    cursor.close()
    connection.close()
