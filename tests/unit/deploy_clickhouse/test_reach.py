import pytest
from pulsemon_deploy.clickhouse.access.reach import REFUSED_SETTINGS, Reach, Surroundings, refused_setting

REACH = Reach(
    Surroundings(
        table_functions=frozenset({"file", "url", "numbers", "new_in_a_later_engine"}),
        engines=frozenset({"mergetree", "file", "new_in_a_later_engine"}),
    )
)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT file('x')",
        "SELECT FILE\n(/* ' */'x')",
        "SELECT '-- ' , file('x')",
        "SELECT 1 /* ' */, file('x') -- '",
        "SELECT $é$, file('x'), $é$",
        "SELECT `file`('x')",
        "SELECT `f\\x69le`('x')",
        "SELECT * FROM new_in_a_later_engine(1)",
        "SELECT aiClassify('x')",
        "INSERT INTO t VALUES ('it''s', 'x\\'', file('x'))",
        "SELECT 1 INTO OUTFILE 'x'",
        "INSERT INTO t FROM/**/InFile 'x' FORMAT CSV",
        "CREATE TABLE t (a Int8) ENGINE = File(CSV)",
        "CREATE TABLE t (a Int8) ENGINE/**/new_in_a_later_engine",
        "CREATE TABLE t (a Int8) ENGINE = unknown",
        "CREATE TABLE t (a Int8) ENGINE = `Merge\\x54ree`",
        "ATTACH TABLE t FROM 'x' (a Int8)",
        "CREATE TABLE t (a Int8) ENGINE = MergeTree SETTINGS disk = disk(type = local)",
    ],
)
def test_what_reaches_outside(sql: str) -> None:
    assert REACH.refusal(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 'file(', file, url FROM t WHERE file IN (1)",
        "SELECT $x$ file('x') $x$",
        "INSERT INTO t VALUES ('file(''x'')', 'INTO OUTFILE')",
        "CREATE TABLE t (engine String, infile Int8) ENGINE = MergeTree ORDER BY engine",
        "CREATE VIEW v AS SELECT engine FROM t",
        "SELECT engine = file FROM t",
        "ATTACH TABLE t",
        "SELECT '\\x66ile', \"a\\x20b\" FROM numbers(3)",
    ],
)
def test_what_does_not(sql: str) -> None:
    assert REACH.refusal(sql) is None


@pytest.mark.parametrize(
    ("sql", "name"),
    [
        ("SET format_schema = 'x'", "format_schema"),
        ("SELECT 1 SETTINGS a = 1, /* x */ `Format_Template_Row`='x'", "Format_Template_Row"),
        ("SET `pro\\x66ile` = 'x'", "prox66ile"),
        ("SELECT 'SETTINGS profile = 1' FROM t WHERE profile = 3", None),
        ("SET max_threads = 1", None),
    ],
)
def test_settings(sql: str, name: str | None) -> None:
    assert refused_setting(sql, REFUSED_SETTINGS) == name
