import pytest
from pulsemon_deploy.clickhouse.sql.output import split_format


@pytest.mark.parametrize(
    ("sql", "rest", "output_format"),
    [
        ("SELECT 1", "SELECT 1", None),
        ("SELECT 1 ;; ", "SELECT 1", None),
        ("SELECT 1 FORMAT JSON", "SELECT 1 ", "JSON"),
        ("SELECT 1 format /* x */ JSON -- y", "SELECT 1 ", "JSON"),
        ("SELECT 1 FORMAT JSON SETTINGS a = 1;", "SELECT 1  SETTINGS a = 1", "JSON"),
        ("SELECT 'x FORMAT JSON'", "SELECT 'x FORMAT JSON'", None),
        ("SELECT * FROM (SELECT 1 FORMAT JSON)", "SELECT * FROM (SELECT 1 FORMAT JSON)", None),
        ("SELECT format FROM t", "SELECT format FROM t", None),
        ("SELECT format('a', b)", "SELECT format('a', b)", None),
        ("FORMAT JSON", "FORMAT JSON", None),
        ("", "", None),
    ],
)
def test_split_format(sql: str, rest: str, output_format: str | None) -> None:
    query = split_format(sql)
    assert (query.sql, query.output_format) == (rest, output_format)
