"""Expressions of composites: three truth values, and what is not known decides nothing that the rest does not."""

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st
from pulsemon_schemas.rules.expression import (
    Expression,
    Name,
    Not,
    Some,
    names_in,
    needed_by,
    parse_expression,
    verdict,
)

NAMES = ("a", "b", "c", "d")


def _some(parts: list[Expression]) -> st.SearchStrategy[Expression]:
    return st.integers(1, len(parts)).map(lambda needed: Some(needed, tuple(parts)))


EXPRESSIONS: st.SearchStrategy[Expression] = st.recursive(
    st.sampled_from(NAMES).map(Name),
    lambda parts: parts.map(Not) | st.lists(parts, min_size=2, max_size=4).flatmap(_some),
    max_leaves=8,
)
VERDICTS = st.fixed_dictionaries({name: st.sampled_from([True, False, None]) for name in NAMES})


def _text(expression: Expression) -> str:
    match expression:
        case Name(name):
            return name
        case Not(part):
            return f"not ({_text(part)})"
        case Some(needed, parts):
            texts = [f"({_text(part)})" for part in parts]
            if needed == len(parts):
                return " and ".join(texts)
            return " or ".join(texts) if needed == 1 else f"at_least({needed}, {', '.join(texts)})"


@settings(max_examples=200, deadline=None)
@given(EXPRESSIONS)
def test_a_text_is_read_as_what_it_says(expression: Expression) -> None:
    assert parse_expression(_text(expression)) == expression


@settings(max_examples=300, deadline=None)
@given(EXPRESSIONS, VERDICTS)
def test_what_is_known_holds_however_the_unknown_turns_out(
    expression: Expression, given_verdicts: dict[str, bool | None]
) -> None:
    found = verdict(expression, given_verdicts, given_verdicts)
    unknown = [name for name, one in given_verdicts.items() if one is None]
    for turned in itertools.product((True, False), repeat=len(unknown)):
        known = {**given_verdicts, **dict(zip(unknown, turned, strict=True))}
        assert found in (None, verdict(expression, known, known))


@settings(max_examples=200, deadline=None)
@given(EXPRESSIONS, VERDICTS)
def test_it_never_holds_without_what_it_needs(expression: Expression, verdicts: dict[str, bool | None]) -> None:
    for name in needed_by(expression):
        for without in (False, None):
            changed = {**verdicts, name: without}
            assert verdict(expression, changed, changed) is not True
    assert needed_by(expression) <= set(names_in(expression))


@settings(max_examples=200, deadline=None)
@given(EXPRESSIONS, VERDICTS, st.sampled_from(NAMES))
def test_more_that_holds_never_holds_less_where_no_not_is_before_it(
    expression: Expression, verdicts: dict[str, bool | None], name: str
) -> None:
    rank = {False: 0, None: 1, True: 2}
    before = verdict(expression, verdicts, verdicts)
    after = verdict(expression, {**verdicts, name: True}, verdicts)
    assert rank[after] >= rank[before]
