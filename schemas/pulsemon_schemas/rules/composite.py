"""Reads a composite: conditions on several series of one server, and how they are joined."""

from collections.abc import Mapping
from typing import Any

from pulsemon_schemas.rules.expression import ExpressionError, is_name, names_in, parse_expression
from pulsemon_schemas.rules.fields import Fields
from pulsemon_schemas.rules.level import read_times, times_body
from pulsemon_schemas.rules.rule import LEVELS, NO_DATA, OPERATORS, UNKNOWN, Level, Operand, Rule
from pulsemon_schemas.rules.series import read_series, series_body

MAX_OPERANDS = 16
OVERS = ("any", "all", "at_least")
"""How many of several series of one operand must cross its limit."""


def read_composite(fields: Fields, rule_id: str) -> dict[str, Any]:
    """The fields of a rule that only a composite has, and those of its lead."""
    by = tuple(dict.fromkeys(fields.text_list("by")))
    levels = _Levels(fields)
    operands = _operands(fields.nested("operands"), tuple(levels.bodies))
    named = {operand.name: operand for operand in operands}
    levels.check(named)
    lead = fields.text("lead", levels.first_name or next(iter(named), ""))
    if lead not in named or not set(levels.bodies) <= set(named[lead].limits):
        fields.problem("lead", f"must be an operand that has a limit for each level, is {lead!r}")
        return {"family": fields.text("family", rule_id)}
    return {
        "family": fields.text("family", rule_id),
        "by": by,
        "operands": operands,
        "lead": lead,
        "metric": named[lead].series.metric,
        "match": named[lead].series.match,
        "window": named[lead].series.window,
        "operator": named[lead].operator,
        "levels": levels.made(named[lead]),
        "no_data": fields.choice("no_data", NO_DATA, UNKNOWN),
        "flapping": fields.boolean("flapping", True),
    }


def composite_body(rule: Rule) -> dict[str, Any]:
    """What ``read_composite`` reads."""
    return {
        "by": list(rule.by),
        "operands": {operand.name: _operand_body(operand) for operand in rule.operands},
        "lead": rule.lead,
        "levels": {level.name: {"when": level.when, **times_body(level)} for level in rule.levels},
    }


class _Levels:
    """The levels of a composite while it is read."""

    def __init__(self, fields: Fields) -> None:
        self._usual = fields.text("when")
        nested = fields.nested("levels")
        self.bodies = {name: nested.nested(name) for name in LEVELS if nested.has(name)}
        nested.unasked()
        self._texts = {name: one.text("when", self._usual) for name, one in self.bodies.items()}
        self._times = {name: read_times(one) for name, one in self.bodies.items()}
        self.first_name = ""
        for one in self.bodies.values():
            one.unasked()

    def check(self, operands: Mapping[str, Operand]) -> None:
        """Reports what is wrong with the expressions."""
        for name, fields in self.bodies.items():
            try:
                found = names_in(parse_expression(self._texts[name]))
            except ExpressionError as error:
                fields.problem("when", str(error))
                continue
            self.first_name = self.first_name or found[0]
            for one in found:
                if one not in operands:
                    fields.problem("when", f"there is no operand {one!r}")
                elif name not in operands[one].limits:
                    fields.problem("when", f"operand {one!r} has no limit for this level")

    def made(self, lead: Operand) -> tuple[Level, ...]:
        """The levels, with the limits of the lead."""
        return tuple(
            Level(
                name,
                lead.limits[name],
                self._times[name][0],
                lead.recoveries.get(name),
                self._times[name][1],
                self._texts[name],
            )
            for name in self.bodies
        )


def _operands(fields: Fields, levels: tuple[str, ...]) -> tuple[Operand, ...]:
    found = []
    names = fields.names()
    if not 1 <= len(names) <= MAX_OPERANDS:
        fields.problem("", f"1 to {MAX_OPERANDS} are needed, there are {len(names)}")
    for name in names[:MAX_OPERANDS]:
        nested = fields.nested(name)
        if not is_name(name):
            fields.problem(name, "must be a name of letters, digits and _, and none of and, or, not, at_least")
        found.append(_operand(name, nested, levels))
    return tuple(found)


def _operand(name: str, fields: Fields, levels: tuple[str, ...]) -> Operand:
    series = read_series(fields)
    sign = fields.choice("operator", tuple(OPERATORS), ">=")
    limits, recoveries = _by_level(fields, "limit", levels), _by_level(fields, "recovery", levels)
    if not limits and not fields.has("limit"):
        fields.problem("limit", "is missing")
    worse = 1 if sign in {">=", ">"} else -1
    for level, recovery in recoveries.items():
        if level in limits and worse * recovery > worse * limits[level]:
            fields.problem("recovery", f"{recovery:g} must not be beyond the limit {limits[level]:g} of {level}")
    over = fields.choice("over", OVERS, "any")
    count = int(fields.number("count", 1.0, minimum=1.0))
    if fields.has("count") and over != "at_least":
        fields.problem("count", "is for over = 'at_least'")
    divisor = fields.nested("divide_by") if fields.has("divide_by") else None
    divide_by = read_series(divisor) if divisor else None
    if divisor:
        divisor.unasked()
    fields.unasked()
    return Operand(name, series, sign, limits, recoveries, over, count, divide_by)


def _by_level(fields: Fields, name: str, levels: tuple[str, ...]) -> dict[str, float]:
    """One number for all levels, or one for each of some."""
    if not fields.has(name):
        return {}
    if not fields.is_object(name):
        return dict.fromkeys(levels, fields.number(name))
    nested = fields.nested(name)
    found = {level: nested.number(level) for level in LEVELS if nested.has(level)}
    nested.unasked()
    return found


def _operand_body(operand: Operand) -> dict[str, Any]:
    body = {**series_body(operand.series), "operator": operand.operator, "limit": dict(operand.limits)}
    if operand.recoveries:
        body["recovery"] = dict(operand.recoveries)
    if operand.over != "any":
        body["over"] = operand.over
    if operand.over == "at_least":
        body["count"] = operand.count
    if operand.divide_by is not None:
        body["divide_by"] = series_body(operand.divide_by)
    return body
