import pytest
from pulsemon_deploy.clickhouse.sql.tokens import Kind, tokens


def _texts(sql: str) -> list[str]:
    return [token.text for token in tokens(sql)]


@pytest.mark.parametrize(
    ("sql", "texts"),
    [
        ("SELECT a.b", ["SELECT", "a", ".", "b"]),
        ("a -- b\nc /* d \n e */ f # g\nh", ["a", "c", "f", "h"]),
        ("'it''s' 'a\\'b' '--x'", ["'it''s'", "'a\\'b'", "'--x'"]),
        ('`a``b` "x\\"y"', ["`a``b`", '"x\\"y"']),
        ("$$ a ' b $$ $tag$ $$ $tag$", ["$$ a ' b $$", "$tag$ $$ $tag$"]),
        ("1e5 0x1F a1", ["1e5", "0x1F", "a1"]),
        ("\u2018a b\u2019 \u201cc d\u201d", ["\u2018a b\u2019", "\u201cc d\u201d"]),
        ("'never closed", ["'never closed"]),
        ("/* never closed", []),
        ("fi/**/le", ["fi", "le"]),
        ("", []),
    ],
)
def test_tokens(sql: str, texts: list[str]) -> None:
    assert _texts(sql) == texts


def test_places_point_into_the_text() -> None:
    sql = "SELECT /* x */ `a b`, 'c'"
    assert [sql[token.start : token.end] for token in tokens(sql)] == _texts(sql)


@pytest.mark.parametrize(
    ("text", "name"), [("`a``b`", "a`b"), ('"a\\"b"', 'a"b'), ("plain", "plain"), ("`fi\\le`", "file")]
)
def test_names_lose_their_quotes(text: str, name: str) -> None:
    (token,) = tokens(text)
    assert token.is_name
    assert token.name == name


def test_words_are_known_in_any_case_and_only_unquoted() -> None:
    word, quoted = tokens("fOrMaT `FORMAT`")
    assert word.is_word("FORMAT")
    assert not quoted.is_word("FORMAT")
    assert quoted.kind is Kind.QUOTED
