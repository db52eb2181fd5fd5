"""Each default rule fires, is over, and leaves healthy hosts alone: small traces through the real engines.

A new case is a file in ``traces`` and needs no code; ``support.rule_traces`` says how it is written.
"""

from pathlib import Path

import pytest
from pulsemon_schemas.rules import default_rules
from support import rule_traces

NAMES = [case.name.removesuffix(".txt") for case in rule_traces.cases()]
FOR_ALL = [rule.id for rule in default_rules() if rule.scope.kind == "global"]


@pytest.mark.parametrize("case", rule_traces.cases(), ids=NAMES)
def test_a_trace_gives_exactly_these_transitions(case: Path) -> None:
    text, expected = rule_traces.parts_of(case)
    assert rule_traces.story(rule_traces.parse(text)) == expected


@pytest.mark.parametrize("case", rule_traces.cases(), ids=NAMES)
def test_a_trace_shows_what_its_name_says(case: Path) -> None:
    rule_id, name, _ = case.name.split(".")
    states = [words[2] for line in rule_traces.parts_of(case)[1] if (words := line.split())[1].startswith(rule_id)]
    if name.startswith("fires"):
        assert "firing" in states
        assert states[-1] == "resolved"
    else:
        assert name.startswith("calm")
        assert set(states) <= {"pending", "expired"}


def test_each_rule_has_a_trace_that_fires_and_one_that_does_not() -> None:
    assert set(FOR_ALL) == {name.removesuffix(".fires") for name in NAMES if name.endswith(".fires")}
    assert set(FOR_ALL) == {name.removesuffix(".calm") for name in NAMES if name.endswith(".calm")}


@pytest.mark.parametrize("line", ["5 weeks", "evry 10 s", "2 of them silent"])
def test_a_line_that_makes_no_sense_is_told(line: str) -> None:
    with pytest.raises(ValueError, match=line):
        rule_traces.parse(line)
