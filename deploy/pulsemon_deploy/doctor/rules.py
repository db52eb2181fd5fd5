"""Check of the rules in force: one that cannot be read judges nothing, and says so to nobody who does not ask."""

from collections.abc import Mapping

from pulsemon_schemas.control import Entity
from pulsemon_schemas.rules import RuleError, parse_rule

from pulsemon_deploy.doctor.finding import Finding, ok, problem
from pulsemon_deploy.installation import Installation

CLIENT_ID = "pulsemon-operator-doctor"
RULE = "rule"


def rules(own: Installation) -> Finding:
    """Whether every rule in the control log can be used."""
    from pulsemon_deploy.control_log import opened

    with opened(own.kafka("operator"), CLIENT_ID, lambda _: False) as log:
        return judge_rules(log.fold.entities(RULE))


def judge_rules(entities: Mapping[str, Entity]) -> Finding:
    """Those that nothing is judged by, by their ids."""
    unusable = sorted(rule_id for rule_id, entity in entities.items() if not _can_be_used(entity))
    if unusable:
        return problem(
            f"of {len(entities)} rules these cannot be used, so they judge nothing: {', '.join(unusable)}",
            f"pulsemon rule show {unusable[0]} says why; pulsemon rule set or delete mends it",
        )
    if not entities:
        return problem("there is no rule, so nothing is judged", "pulsemon topic ensure puts the default ones in force")
    return ok(f"{len(entities)}, all can be used")


def _can_be_used(entity: Entity) -> bool:
    try:
        parse_rule(entity.entity_id, entity.body)
    except RuleError:
        return False
    return True
