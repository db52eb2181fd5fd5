"""The files themselves, without a database."""

import re

import pytest
from pulsemon_schemas.catalogue import headline_names
from pulsemon_sinks.clickhouse.migrations import Migration, migration_files
from pulsemon_sinks.clickhouse.rendering import placeholders, render, statements


def repeatable(name: str) -> Migration:
    return next(one for one in migration_files() if one.name == name)


def test_numbers_begin_at_1_and_none_is_used_twice() -> None:
    numbers = [one.version for one in migration_files() if one.version]
    assert numbers[0] == 1
    assert numbers == sorted(set(numbers))


@pytest.mark.parametrize("file", migration_files(), ids=lambda one: str(one.name))
def test_every_placeholder_is_known_and_every_table_is_in_our_database(file: Migration) -> None:
    text = render(file.source, placeholders("some_db", headline_names()))
    assert "${" not in text
    for sql in statements(text):
        assert re.match(r"(CREATE|DROP|ALTER) [A-Z ]*some_db\.\w+", sql), sql


def test_statements_are_split_at_semicolons_that_end_a_line() -> None:
    text = "-- a comment;\nSELECT ';' AS a,\n  2;\n\nSELECT 3\n-- between\n  , 4 ; \n"
    assert statements(text) == ["SELECT ';' AS a,\n  2", "SELECT 3\n  , 4"]


def test_the_view_of_headline_metrics_names_those_of_the_catalogue() -> None:
    text = render(repeatable("latest_view").source, placeholders("d", headline_names()))
    found = re.search(r"n IN \(([^)]*)\)", text)
    assert found is not None
    names = re.findall(r"'([^']+)'", found[1])
    assert names == list(headline_names())
    assert names, "a list that names nothing leaves latest empty without any error"


def test_another_catalogue_makes_another_text() -> None:
    source = repeatable("latest_view").source
    assert render(source, placeholders("d", ["a"])) != render(source, placeholders("d", ["a", "b"]))


@pytest.mark.parametrize("name", ["", "1st", "a-b", "a.b", "a b", "a`b"])
def test_a_database_name_is_a_plain_word(name: str) -> None:
    with pytest.raises(ValueError, match="database name"):
        placeholders(name, [])
