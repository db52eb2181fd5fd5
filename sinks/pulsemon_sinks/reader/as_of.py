"""The configuration as it was at a time: the last valid record of each entity that the control log held then."""

import json
from collections.abc import Callable, Iterator
from typing import TypeVar

from pulsemon_schemas.control import SERVER, Entity
from pulsemon_schemas.rules import Rule, RuleError, parse_rule
from pulsemon_schemas.rules.quiet import MAINTENANCE, SILENCE, QuietPeriod, parse_quiet

from pulsemon_sinks.reader.alerts import Ask

RULE = "rule"
T = TypeVar("T")

# One tuple for all: each column is that of the newest record, also where two have one append time.
_AS_OF = """
SELECT entity_id, newest.1, newest.2, newest.3, newest.4, newest.5, newest.6 FROM (
  SELECT entity_id,
    argMax((offset, operation, body, author, on_behalf_of, reason, change_id), offset) AS all_of_it,
    (all_of_it.1, all_of_it.3, all_of_it.4, all_of_it.5, all_of_it.6, all_of_it.7) AS newest
  FROM {database}.control_log
  WHERE entity_type = %(kind)s AND void = 0 AND append_time <= fromUnixTimestamp64Milli(toInt64(%(at_ms)s))
  GROUP BY entity_id HAVING all_of_it.2 = 'put'
) ORDER BY entity_id
"""

_BEGAN = "SELECT count(), toUnixTimestamp64Milli(min(append_time)) FROM {database}.control_log"


def entities(ask: Ask, kind: str, at_ms: int) -> tuple[Entity, ...]:
    """Every entity of a type that was there at ``at_ms``, by id. Errors as Store.

    A control log that was made anew has nothing of the time before it.
    """
    return tuple(
        Entity(entity_id, version, json.loads(body), author, on_behalf_of, reason, change_id)
        for entity_id, version, body, author, on_behalf_of, reason, change_id in ask(
            _AS_OF, {"kind": kind, "at_ms": at_ms}
        )
    )


def began_ms(ask: Ask) -> int | None:
    """The time of the first record of the control log, None while nothing of it is stored. Errors as Store."""
    ((count, at_ms),) = ask(_BEGAN, {})
    return int(at_ms) if count else None


def servers(ask: Ask, at_ms: int) -> tuple[Entity, ...]:
    """The servers that were registered, as what was said of them then. Errors as Store."""
    return entities(ask, SERVER, at_ms)


def rules(ask: Ask, at_ms: int) -> tuple[Rule, ...]:
    """The rules that were in force; one that cannot be read is left out, as nothing was judged by it. As Store."""
    return tuple(
        _readable(entities(ask, RULE, at_ms), lambda one: parse_rule(one.entity_id, one.body, one.version, one.author))
    )


def silences(ask: Ask, at_ms: int) -> tuple[QuietPeriod, ...]:
    """Silences and maintenance that were there and held at that very time; unreadable ones as rules. As Store."""
    found = [
        period
        for kind in (SILENCE, MAINTENANCE)
        for period in _readable(entities(ask, kind, at_ms), _quiet(kind))
        if period.holds_at(at_ms)
    ]
    return tuple(found)


def _quiet(kind: str) -> Callable[[Entity], QuietPeriod]:
    return lambda one: parse_quiet(kind, one.entity_id, one.body)


def _readable(found: tuple[Entity, ...], read: Callable[[Entity], T]) -> Iterator[T]:
    for one in found:
        try:
            yield read(one)
        except (RuleError, ValueError, AttributeError):
            continue
