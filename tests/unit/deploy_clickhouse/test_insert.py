import pytest
from pulsemon_deploy.clickhouse.engine.errors import EngineError
from pulsemon_deploy.clickhouse.sql.insert import parse_insert


@pytest.mark.parametrize(
    ("sql", "target", "columns", "settings", "data_format", "data"),
    [
        ("INSERT INTO t VALUES", "t", None, "", "Values", ""),
        ("insert into t values (1), (2)", "t", None, "", "Values", " (1), (2)"),
        ("INSERT t FORMAT Avro", "t", None, "", "Avro", ""),
        ("INSERT INTO TABLE `d b`.\"t\" (a, `b c`, n.k) VALUES", '`d b`."t"', ("a", "b c", "n.k"), "", "Values", ""),
        (
            "INSERT INTO d.t (a) SETTINGS x = 1, y = 'FORMAT' FORMAT CSV\n1\n\n2",
            "d.t", ("a",), "SETTINGS x = 1, y = 'FORMAT'", "CSV", "1\n\n2",
        ),
        ("-- c\nINSERT/**/INTO t/**/FORMAT TSV 1", "t", None, "", "TSV", "1"),
        ("INSERT INTO t FORMAT RowBinary\r\n\x01", "t", None, "", "RowBinary", "\x01"),
        ("INSERT INTO t FORMAT Native", "t", None, "", "Native", ""),
        ("INSERT INTO t FORMAT CSV\n'unclosed", "t", None, "", "CSV", "'unclosed"),
    ],
)  # fmt: skip
def test_inserts_with_data(
    sql: str, target: str, columns: tuple[str, ...] | None, settings: str, data_format: str, data: str
) -> None:
    insert = parse_insert(sql)
    assert insert is not None
    assert (insert.target, insert.columns, insert.settings) == (target, columns, settings)
    assert (insert.data_format, sql[insert.data_start :]) == (data_format, data)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1",
        "",
        "INSERT",
        "INSERT INTO",
        "INSERT INTO t",
        "INSERT INTO t.",
        "INSERT INTO t SELECT 1",
        "INSERT INTO t (a) WITH 1 AS x SELECT x",
        "INSERT INTO t SETTINGS a = 1 SELECT 'VALUES'",
        "INSERT INTO t FROM INFILE 'x' FORMAT CSV",
        "INSERT INTO FUNCTION file('x') SELECT 1",
        "WITH 1 AS x INSERT INTO t SELECT x",
        "INSERT INTO t FORMAT",
        "EXPLAIN INSERT INTO t VALUES",
    ],
)
def test_other_statements(sql: str) -> None:
    assert parse_insert(sql) is None


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO FUNCTION file('x', 'CSV', 'a Int8') VALUES (1)",
        "INSERT INTO t (* EXCEPT(b)) VALUES (1)",
        "INSERT INTO t (a, lower(b)) FORMAT CSV",
    ],
)
def test_forms_that_are_refused(sql: str) -> None:
    with pytest.raises(EngineError) as refused:
        parse_insert(sql)
    assert refused.value.code == 48


def test_from_file() -> None:
    insert = parse_insert("INSERT INTO d.t (a) SETTINGS x = 1 FORMAT CSV\n1")
    assert insert is not None
    sql = "INSERT INTO d.t (`a`) FROM INFILE '/proc/self/fd/9' SETTINGS x = 1 FORMAT CSV"
    assert insert.from_file("/proc/self/fd/9", "(`a`)", "CSV") == sql
