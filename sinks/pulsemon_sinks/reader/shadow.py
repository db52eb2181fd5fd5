"""What a rule in shadow said, and what the one in force said beside it."""

from collections.abc import Sequence
from dataclasses import fields, replace

from pulsemon_schemas.records import AlertEvent
from pulsemon_schemas.rules.shadow import PREFIX

from pulsemon_sinks.reader.alerts import Ask

_COLUMNS = ", ".join(
    f"toUnixTimestamp64Milli({one.name.removesuffix('_ms')})" if one.name.endswith("_ms") else f"`{one.name}`"
    for one in fields(AlertEvent)
)


def said_by_rule(ask: Ask, rule_id: str, since_ms: int, until_ms: int, *, in_shadow: bool) -> Sequence[AlertEvent]:
    """The transitions of a rule's alerts in [since, until), in order, under its own id. Errors as Store."""
    table = "alerts_shadow" if in_shadow else "alerts"
    sql = f"""
SELECT {_COLUMNS} FROM {{database}}.{table} FINAL
WHERE rule_id = %(rule_id)s
  AND occurred_at >= fromUnixTimestamp64Milli(toInt64(%(since_ms)s))
  AND occurred_at < fromUnixTimestamp64Milli(toInt64(%(until_ms)s))
ORDER BY alert_id, transition
"""
    wanted = f"{PREFIX}{rule_id}" if in_shadow else rule_id
    rows = ask(sql, {"rule_id": wanted, "since_ms": since_ms, "until_ms": until_ms})
    return [replace(AlertEvent(*(*row[:-1], tuple(row[-1]))), rule_id=rule_id) for row in rows]
