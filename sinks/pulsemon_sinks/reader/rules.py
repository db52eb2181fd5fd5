"""The rules in force, as the store's copy of the control log has them."""

import json
from collections.abc import Iterator

from pulsemon_schemas.rules import Rule, RuleError, parse_rule

from pulsemon_sinks.reader.alerts import Ask

_NEWEST = """
SELECT entity_id, argMax(body, offset), argMax(author, offset), max(offset)
FROM {database}.control_log
WHERE entity_type = 'rule' AND void = 0
GROUP BY entity_id HAVING argMax(operation, offset) = 'put' ORDER BY entity_id
"""


def in_force(ask: Ask) -> tuple[Rule, ...]:
    """Every rule, by id; one that cannot be read is left out, as nothing is judged by it. Errors as Store."""
    return tuple(_readable(ask))


def _readable(ask: Ask) -> Iterator[Rule]:
    for rule_id, body, author, version in ask(_NEWEST, {}):
        try:
            yield parse_rule(rule_id, json.loads(body), version, author)
        except (RuleError, ValueError, AttributeError):
            continue
