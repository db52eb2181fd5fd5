"""Several series of one server under a composite: judged together at the end of each batch that has one of them."""

import operator
from collections.abc import Mapping
from typing import Any, NamedTuple

from pulsemon_schemas.rules.expression import (
    Expression,
    Verdict,
    at_least,
    names_in,
    needed_by,
    parse_expression,
    verdict,
)
from pulsemon_schemas.rules.rule import OPERATORS, Level, Operand, Rule, Series, grows_sure

from pulsemon_stream_processors.engine.alert import Evidence
from pulsemon_stream_processors.engine.condition import NEVER
from pulsemon_stream_processors.engine.judged import (
    FIRST_GAP_MS,
    LONGEST_STEP_MS,
    MISSED_STEPS,
    Judged,
    Key,
    learnt_step,
)
from pulsemon_stream_processors.engine.moment import Moment
from pulsemon_stream_processors.engine.probe import Probe

DIVISOR = "/"
"""Stands behind the name of an operand where the series that it is divided by is meant."""


class Reading(NamedTuple):
    """What one series of an operand says now. ``is_full``: its windows have the samples that evidence needs."""

    value: float
    is_full: bool
    sample_count: int
    first_offset: int


class _Question(NamedTuple):
    """One level with its expression, read once."""

    level: Level
    expression: Expression
    operands: tuple[Operand, ...]


class Joint(Judged):
    """``probes`` are the series by operand and labels. ``readings`` are what was judged last, and no part of the state.

    Without a sample of its lead nothing is judged: neither begins an alert then, nor does one end.
    """

    __slots__ = ("_crosses", "_is_gated", "_lead", "_questions", "_trigger", "probes", "readings")

    def __init__(self, key: Key, label_map: Mapping[str, str], rule: Rule) -> None:
        self.probes: dict[str, dict[str, Probe]] = {}
        self.readings: dict[str, list[Reading | None]] = {}
        super().__init__(key, label_map, rule)

    def adopt(self, rule: Rule) -> None:
        """Goes on under another version: series that are judged as before keep their windows."""
        if rule is self.rule:
            return
        before, after = series_of(self.rule), series_of(rule)
        kept = {source: probes for source, probes in self.probes.items() if before.get(source) == after.get(source)}
        if len(kept) < len(self.probes) and self.alert is not None:
            self.alert.start_offset = NEVER
        self.probes = kept
        self._take(rule)

    def begin_anew(self) -> None:
        """Forgets the samples; an alert stays until others say something else."""
        self.probes = {}
        if self.alert is None:
            self.rest()
        else:
            self.alert.start_offset = NEVER

    def probe(self, source: str, series: Series, labels: str) -> Probe:
        """The series with these labels under an operand, or as its divisor; a new one if it was not there."""
        probes = self.probes.setdefault(source, {})
        found = probes.get(labels)
        if found is None:
            found = probes[labels] = Probe(series)
        return found

    def read_series(self) -> list[tuple[str, str]]:
        """Metric and labels of each series that it reads, those of the lead first."""
        series = series_of(self.rule)
        sources = sorted(self.probes, key=lambda source: (source != self.rule.lead, source))
        return [(series[source].metric, labels) for source in sources for labels in sorted(self.probes[source])]

    def forget(self, age_ms: int, /) -> bool:
        """Lets go of series that have not come for so long. Whether there were any: plans still name them."""
        is_any = False
        for probes in self.probes.values():
            for labels in [labels for labels, one in probes.items() if self.last_ms - one.last_ms >= age_ms]:
                del probes[labels]
                is_any = True
        return is_any

    def size(self) -> int:
        """How many series it reads."""
        return sum(map(len, self.probes.values()))

    def judge(self, moment: Moment) -> Evidence | None:
        """After the samples of a batch: what was judged, if that may move the alert; None if all is calm as before."""
        at_ms = moment.at_ms
        gap_ms = at_ms - self.last_ms
        if gap_ms < 0:  # a batch of another producer, or a late one: the next one in order sees what it brought
            return None
        is_continuous = self._is_continuous(gap_ms)
        self.last_ms = at_ms
        if self.is_idle and self._is_gated and not self._may_hold(at_ms):
            self.seen_ms = moment.elapsed_ms
            return None
        readings = {one.name: self._read(one, at_ms) for one in self.rule.operands}
        evidence = self._evidence(readings[self._lead.name])
        if evidence is None:
            return None
        self.readings = readings
        for question in self._questions:
            condition = self.conditions[question.level.name]
            found = self._answer(question, is_on=condition.is_on)
            if found is not None:
                self.seen_ms = moment.elapsed_ms
            condition.decide(question.level, found, at_ms, is_continuous)
        return evidence

    def told(self, level_name: str) -> str:
        """The conditions that hold, with what they were judged by."""
        parts = []
        for question in self._questions:
            for one in question.operands if question.level.name == level_name else ():
                if self._holds(one, level_name, is_on=False):
                    value = self._worst_of(one)
                    parts.append(f"{one.name} {value:g} {one.operator} {one.limits[level_name]:g}")
        return ", ".join(parts) or level_name

    def kept(self) -> tuple[Any, ...]:
        """As of every ``Judged``, with which series there are."""
        return super().kept(), {source: dict(probes) for source, probes in self.probes.items()}

    def put_back(self, kept: tuple[Any, ...]) -> None:
        """Brings back what was kept."""
        super().put_back(kept[0])
        self.probes = kept[1]
        self._take(self.rule)

    def _take(self, rule: Rule) -> None:
        super()._take(rule)
        named = {one.name: one for one in rule.operands}
        self._questions = []
        for level in rule.levels:
            expression = parse_expression(level.when)
            self._questions.append(_Question(level, expression, tuple(named[name] for name in names_in(expression))))
        self._lead = lead = named[rule.lead]
        self._crosses = OPERATORS[lead.operator]
        limits = lead.limits.values()
        self._trigger = min(limits, default=0.0) if lead.fires_above else max(limits, default=0.0)
        self._is_gated = all(lead.name in needed_by(one.expression) for one in self._questions)

    def _is_continuous(self, gap_ms: int) -> bool:
        if self.last_ms < 0 or gap_ms == 0:
            return self.last_ms >= 0
        if self.step_ms == 0:
            self.step_ms = min(gap_ms, LONGEST_STEP_MS)
            return gap_ms <= FIRST_GAP_MS
        is_continuous = gap_ms <= MISSED_STEPS * self.step_ms
        if gap_ms != self.step_ms:
            self.step_ms = learnt_step(self.step_ms, gap_ms)
        return is_continuous

    def _may_hold(self, at_ms: int) -> bool:
        """Whether the lead, without which no level holds, crosses its mildest limit anywhere."""
        crosses, trigger = self._crosses, self._trigger
        if self._lead.divide_by is not None:
            return self._may_ratio_hold(at_ms)
        for probe in self.probes.get(self._lead.name, {}).values():  # noqa: SIM110 - a generator costs twice as much
            if crosses(probe.value, trigger):
                return True
        return False

    def _may_ratio_hold(self, at_ms: int) -> bool:
        """The same for a ratio: true as well where one of its two values is not known."""
        divisors = self.probes.get(self._lead.name + DIVISOR, {})
        only = next(iter(divisors.values())) if len(divisors) == 1 else None
        for labels, probe in self.probes.get(self._lead.name, {}).items():
            divisor = divisors.get(labels, only)
            if divisor is None or divisor.value == 0.0 or not (probe.is_fresh(at_ms) and divisor.is_fresh(at_ms)):
                return True
            if self._crosses(probe.value / divisor.value, self._trigger):
                return True
        return False

    def _read(self, operand: Operand, at_ms: int) -> list[Reading | None]:
        """The readings by series, None for one that is not there at the moment; without those that are gone."""
        probes = self.probes.get(operand.name, {})
        there = [labels for labels in sorted(probes) if not probes[labels].is_gone(at_ms)]
        return [self._reading(operand, labels, probes[labels], at_ms) for labels in there]

    def _reading(self, operand: Operand, labels: str, probe: Probe, at_ms: int) -> Reading | None:
        if not probe.is_fresh(at_ms):
            return None
        if operand.divide_by is None:
            return Reading(probe.value, probe.is_full, probe.count, probe.first_offset)
        divisors = self.probes.get(operand.name + DIVISOR, {})
        divisor = divisors.get(labels)
        if divisor is None:
            there = [one for one in divisors.values() if not one.is_gone(at_ms)]
            divisor = there[0] if len(there) == 1 else None
        if divisor is None or not divisor.is_fresh(at_ms) or divisor.value == 0.0:
            return None
        ratio = probe.value / divisor.value
        if ratio - ratio != 0.0:  # beyond all numbers
            return None
        first_offset = min(probe.first_offset, divisor.first_offset)
        return Reading(ratio, probe.is_full and divisor.is_full, probe.count, first_offset)

    def _evidence(self, lead: list[Reading | None]) -> Evidence | None:
        known = [one for one in lead if one is not None]
        if not known:
            return None
        worst = (max if self._lead.fires_above else min)(known, key=operator.itemgetter(0))
        return Evidence(worst.value, worst.sample_count, min(one.first_offset for one in known))

    def _answer(self, question: _Question, *, is_on: bool) -> Verdict:
        name = question.level.name
        entering = {one.name: self._holds(one, name, is_on=False) for one in question.operands}
        if not is_on:
            return verdict(question.expression, entering, entering)
        staying = {one.name: self._holds(one, name, is_on=True) for one in question.operands}
        return verdict(question.expression, staying, entering)

    def _holds(self, operand: Operand, level_name: str, *, is_on: bool) -> Verdict:
        readings = self.readings[operand.name]
        needed = {"any": 1, "all": len(readings)}.get(operand.over, operand.count)
        if not readings:
            return None
        return at_least(needed, [_crosses(operand, level_name, one, is_on=is_on) for one in readings])

    def _worst_of(self, operand: Operand) -> float:
        values = [one.value for one in self.readings[operand.name] if one is not None]
        return (max if operand.fires_above else min)(values)


def series_of(rule: Rule) -> dict[str, Series]:
    """What a composite reads, by operand, and where ``DIVISOR`` stands behind its name what that is divided by."""
    found: dict[str, Series] = {}
    for one in rule.operands:
        found[one.name] = one.series
        if one.divide_by is not None:
            found[one.name + DIVISOR] = one.divide_by
    return found


def _crosses(operand: Operand, level_name: str, reading: Reading | None, *, is_on: bool) -> Verdict:
    """Whether a series crosses the limit; while the level is on it does until its recovery value is reached."""
    if reading is None:
        return None
    value, limit = reading.value, operand.limits[level_name]
    is_beyond = OPERATORS[operand.operator](value, limit)
    if is_on:
        recovery = operand.recoveries.get(level_name, limit)
        is_calm = not is_beyond and (value <= recovery if operand.fires_above else value >= recovery)
        return True if not is_calm else False if reading.is_full else None
    is_sure = reading.is_full or (is_beyond and operand.divide_by is None and _only_grows(operand))
    return is_beyond if is_sure else None


def _only_grows(operand: Operand) -> bool:
    return grows_sure(operand.series.window, operand.fires_above)
