"""The page about rules: its examples are rules, and what it lists is all there is."""

import dataclasses
import re
import tomllib
from pathlib import Path

import pytest
from pulsemon_schemas.rules import LEVELS, parse_rule
from pulsemon_schemas.rules.rule import FUNCTIONS, KINDS, OPERATORS, Level, Operand, Rule
from pulsemon_schemas.rules.scope import KINDS as SCOPES
from pulsemon_stream_processors.engine.alert import ACKNOWLEDGED, ENDED, FIRING, FLAPPING, PENDING, UNKNOWN

PAGE = (Path(__file__).parents[3] / "docs" / "rules.md").read_text()
EXAMPLES = re.findall(r"^```toml\n(.+?)^```$", PAGE, re.MULTILINE | re.DOTALL)
OF_THE_LOG = {"id", "version", "author"}


def test_there_are_examples_of_the_kinds() -> None:
    kinds = {parse_rule("example", tomllib.loads(text)).kind for text in EXAMPLES}
    assert kinds >= {"threshold", "composite", "absence"}


@pytest.mark.parametrize("kind", [Rule, Level, Operand])
def test_every_field_is_explained(kind: type[Rule | Level | Operand]) -> None:
    fields = (
        {field.name for field in dataclasses.fields(kind)} - OF_THE_LOG - {"name", "limits", "recoveries", "series"}
    )
    assert {name for name in fields if f"`{name}`" not in PAGE} == set()


@pytest.mark.parametrize("names", [KINDS, FUNCTIONS, OPERATORS, LEVELS, SCOPES], ids=lambda names: ",".join(names))
def test_every_choice_is_named(names: tuple[str, ...]) -> None:
    assert {name for name in names if f"`{name}`" not in PAGE} == set()


def test_every_state_has_a_row() -> None:
    life = PAGE.partition("## An alert's life")[2]
    rows = set(re.findall(r"^\| (\w+) \|", life, re.MULTILINE))
    assert rows == {"state", PENDING, FIRING, ACKNOWLEDGED, FLAPPING, UNKNOWN, *ENDED}
