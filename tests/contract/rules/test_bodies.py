"""Bodies of rules: each file is one case. A bad one names all of its problems at once."""

import json
from pathlib import Path

import pytest
from pulsemon_schemas.rules import RuleError, parse_rule, rule_body

HERE = Path(__file__).parent
GOOD, BAD = sorted((HERE / "good").glob("*.json")), sorted((HERE / "bad").glob("*.json"))


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_a_good_body_is_read_and_written_again(path: Path) -> None:
    case = json.loads(path.read_text("utf-8"))
    rule = parse_rule(path.stem, case["body"])
    assert rule_body(rule) == case["means"]
    assert parse_rule(path.stem, case["means"]) == rule


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_a_bad_body_is_refused_with_every_problem(path: Path) -> None:
    case = json.loads(path.read_text("utf-8"))
    with pytest.raises(RuleError) as caught:
        parse_rule(path.stem, case["body"])
    assert list(caught.value.problems) == case["problems"]
    assert caught.value.entity == f"rule {path.stem!r}"


def test_there_are_cases() -> None:
    assert len(GOOD) >= 4
    assert len(BAD) >= 4
