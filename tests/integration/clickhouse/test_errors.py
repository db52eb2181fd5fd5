"""Errors keep their codes, and a refused statement does not end its connection."""

from dataclasses import replace

import pytest
from clickhouse_driver import Client
from clickhouse_driver.errors import ServerException
from pulsemon_schemas.runtime.settings import Secret
from support.clickhouse import Engine

pytestmark = pytest.mark.clickhouse

STATEMENTS = [
    ("SELECT * FROM nope", 60),
    ("INSERT INTO nope VALUES (1)", 60),
    ("selec 1", 62),
    ("foo bar", 62),
    ("SELECT 1; SELECT 2", 62),
    ("SELECT 1; DROP TABLE t", 62),
    ("CREATE DATABASE system", 82),
    ("SELECT nope", 47),
    ("SELECT throwIf(number = 3) FROM numbers(5)", 395),
    ("SELECT sleep(1) SETTINGS max_execution_time = 0.1", 159),
    ("INSERT INTO t (a, nope) VALUES (1, 2)", 16),
    ("INSERT INTO t VALUES (-1)", 469),
    ("SET no_such = 1", 115),
    ("SELECT 1 SETTINGS no_such = 1", 115),
]


@pytest.fixture
def guarded(writer: Client) -> Client:
    writer.execute("CREATE TABLE t (a Int32, CONSTRAINT c CHECK a >= 0) ENGINE = MergeTree ORDER BY a")
    return writer


@pytest.mark.parametrize(("sql", "code"), STATEMENTS)
def test_a_failed_statement_has_its_code(guarded: Client, sql: str, code: int) -> None:
    with pytest.raises(ServerException) as failed:
        guarded.execute(sql)
    assert failed.value.code == code
    assert guarded.execute("SELECT 1") == [(1,)]
    assert guarded.execute("SELECT count() FROM t") == [(0,)]


@pytest.mark.parametrize(
    ("sql", "rows", "code"),
    [
        ("INSERT INTO t VALUES", [(1,), (-1,)], 469),
        ("INSERT INTO t (nope) VALUES", [(1,)], 16),
        ("INSERT INTO nope VALUES", [(1,)], 60),
    ],
)
def test_a_failed_insert_stores_nothing(guarded: Client, sql: str, rows: list[tuple[int]], code: int) -> None:
    with pytest.raises(ServerException) as failed:
        guarded.execute(sql, rows)
    assert failed.value.code == code
    assert guarded.execute("SELECT count() FROM t") == [(0,)]


def test_an_error_in_the_middle_of_an_answer(guarded: Client) -> None:
    stream = guarded.execute_iter(
        "SELECT throwIf(number = 290000) FROM numbers(300000)", settings={"max_block_size": 1000}
    )
    with pytest.raises(ServerException) as failed:
        list(stream)
    assert failed.value.code == 395
    guarded.disconnect()  # the driver leaves a broken stream half read
    assert guarded.execute("SELECT 1") == [(1,)]


def test_a_view_that_fails_fails_the_insert(guarded: Client) -> None:
    guarded.execute("CREATE TABLE landing (a Int32) ENGINE = Null")
    guarded.execute("CREATE MATERIALIZED VIEW v TO t AS SELECT a FROM landing")
    with pytest.raises(ServerException) as failed:
        guarded.execute("INSERT INTO landing VALUES", [(-1,)])
    assert failed.value.code == 469


def test_the_wrong_login_or_database(clickhouse: Engine) -> None:
    good = clickhouse.settings
    for settings, code in (
        (replace(good, password=Secret("wrong")), 516),
        (replace(good, user="nobody"), 516),
        (replace(good, password=clickhouse.reader_settings.password), 516),
        (replace(good, database="nope"), 81),
    ):
        with clickhouse.client(settings) as client:
            with pytest.raises(ServerException) as failed:
                client.execute("SELECT 1")
            assert failed.value.code == code


def test_a_type_whose_length_is_unknown_is_refused(writer: Client) -> None:
    writer.execute("CREATE TABLE j (a JSON) ENGINE = MergeTree ORDER BY tuple()")
    with pytest.raises(ServerException) as failed:
        writer.execute("INSERT INTO j VALUES", [({"a": 1},)], settings={"output_format_native_write_json_as_string": 1})
    assert failed.value.code == 48
    assert writer.execute("SELECT count() FROM j") == [(0,)]


def test_messages_may_hold_bytes_that_are_no_text(writer: Client) -> None:
    with pytest.raises(ServerException) as failed:
        writer.execute("SELECT throwIf(1, unhex('FFFE'))")
    assert failed.value.code in (36, 395, 44)
