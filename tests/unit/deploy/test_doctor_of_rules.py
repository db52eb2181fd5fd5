from typing import Any

from pulsemon_deploy.doctor.finding import Verdict
from pulsemon_deploy.doctor.rules import judge_rules
from pulsemon_schemas.control import Entity
from pulsemon_schemas.rules import default_rules, rule_body


def entity(rule_id: str, body: dict[str, Any]) -> Entity:
    return Entity(rule_id, 3, body, "ann", "", "", "")


DEFAULTS = {rule.id: entity(rule.id, rule_body(rule)) for rule in default_rules()}


def test_the_default_rules_are_fine() -> None:
    found = judge_rules(DEFAULTS)
    assert (found.verdict, found.found) == (Verdict.OK, f"{len(DEFAULTS)}, all can be used")


def test_a_rule_that_cannot_be_used_is_named_with_what_to_do() -> None:
    found = judge_rules(DEFAULTS | {"broken": entity("broken", {"metric": "m", "levels": {"critical": {}}})})
    assert found.verdict is Verdict.PROBLEM
    assert found.found.endswith("so they judge nothing: broken")
    assert found.advice.startswith("pulsemon rule show broken says why")


def test_without_any_rule_nothing_is_judged() -> None:
    assert judge_rules({}).verdict is Verdict.PROBLEM
