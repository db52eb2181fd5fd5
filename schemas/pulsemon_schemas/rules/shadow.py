"""A rule in shadow: a version that is judged beside the one in force, on the same series, and calls nobody.

It is an entity of its own, under the id of the rule that it would replace. Where it judges it stands under an id and in
a family that begin with a prefix, so that its alerts are never taken for those of the rule in force.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pulsemon_schemas.rules.fields import RuleError
from pulsemon_schemas.rules.parse import parse_rule
from pulsemon_schemas.rules.rule import COMPOSITE, THRESHOLD, Rule

ENTITY_TYPE = "shadow"
PREFIX = "shadow:"
KINDS = frozenset({THRESHOLD, COMPOSITE})
"""A silence has one judge, and so has an environment."""


def parse_shadow(rule_id: str, body: Mapping[str, Any], version: int = -1, author: str = "") -> Rule:
    """The rule as it judges in shadow. Raises RuleError with everything that is wrong with it."""
    rule = parse_rule(rule_id, body, version, author)
    if rule.kind not in KINDS:
        problem = f"kind: only {' and '.join(sorted(KINDS))} can be in shadow, not {rule.kind}"
        raise RuleError(f"rule {rule_id!r}", [problem])
    return replace(rule, id=f"{PREFIX}{rule.id}", family=f"{PREFIX}{rule.id}:{rule.family}")


def is_shadow(rule_id: str) -> bool:
    """Whether a rule judges in shadow, by the id that it has there."""
    return rule_id.startswith(PREFIX)


def real(rule: Rule) -> Rule:
    """The rule as it would judge in force."""
    rule_id = rule.id.removeprefix(PREFIX)
    return replace(rule, id=rule_id, family=rule.family.removeprefix(f"{PREFIX}{rule_id}:"))
