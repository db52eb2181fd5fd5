"""Why a rule did, or did not, fire at a series at some moment: its window's value, and how long each limit held."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pulsemon_schemas.rules import QuietPeriod, Rule, ServerProfile, effective
from pulsemon_schemas.rules.resolve import by_rank
from pulsemon_schemas.rules.rule import THRESHOLD
from pulsemon_schemas.rules.scope import is_subset
from pulsemon_schemas.series_history import SeriesKey

from pulsemon_stream_processors.engine.alert import Alert
from pulsemon_stream_processors.engine.windows import new_window
from pulsemon_stream_processors.replay.backtest.series_run import SeriesRun
from pulsemon_stream_processors.replay.backtest.stretches import warm_ms

NO_DATA_MS = 300_000
"""A series whose newest sample is older says nothing about the moment."""


@dataclass(frozen=True, slots=True)
class LevelStanding:
    """``held_seconds`` is how long the limit had been crossed without a break, 0 if it was not."""

    level: str
    limit: float
    is_crossed: bool
    held_seconds: float
    for_seconds: float
    is_on: bool

    def sentence(self, value: float, operator: str) -> str:
        """For people."""
        if self.is_on:
            return f"{self.level}: fires, {value:.6g} {operator} {self.limit:g}"
        if not self.is_crossed:
            return f"{self.level}: {value:.6g} is not {operator} {self.limit:g}"
        if self.held_seconds < self.for_seconds:
            held = f"held for {self.held_seconds:g} s of {self.for_seconds:g} s"
            return f"{self.level}: {value:.6g} {operator} {self.limit:g}, but it {held}"
        return f"{self.level}: {value:.6g} {operator} {self.limit:g}, but the window has too few samples for evidence"


@dataclass(frozen=True, slots=True)
class Standing:
    """A series under a rule at a moment. ``value`` is None without a sample; ``newest_ms`` is that of the last one."""

    rule: Rule
    value: float | None
    newest_ms: int
    samples: int
    levels: tuple[LevelStanding, ...]
    alert: Alert | None

    def has_data(self, at_ms: int) -> bool:
        """Whether the series spoke about the moment."""
        return self.value is not None and at_ms - self.newest_ms < NO_DATA_MS


@dataclass(frozen=True, slots=True)
class PassedOver:
    """A rule about the metric that did not judge the series, and why."""

    rule: Rule
    why: str


def look_back_ms(rule: Rule) -> int:
    """How long before a moment samples can matter."""
    longest = max((one.for_seconds + one.keep_firing_seconds for one in rule.levels), default=0.0)
    return warm_ms(rule, 2) + round(longest * 1000) + NO_DATA_MS


def standing(rule: Rule, key: SeriesKey, labels: Mapping[str, str], samples: Sequence[tuple[int, float]]) -> Standing:
    """What the engine knows after these samples, which begin long enough before."""
    run = SeriesRun(rule, key, labels)
    run.feed(samples)
    window, value, count = new_window(rule.window), None, 0
    for at_ms, sample in samples:
        value = window.add(at_ms, sample, at_ms) if window else sample
        count = window.count if window else 1
    newest_ms = samples[-1][0] if samples else -1
    levels = []
    for level in rule.levels:
        condition = run.watch.conditions[level.name]
        is_crossed = value is not None and rule.is_beyond(value, level.limit)
        held_ms = newest_ms - condition.since_ms if condition.since_ms >= 0 else 0
        standing_now = LevelStanding(
            level.name, level.limit, is_crossed, held_ms / 1000, level.for_seconds, condition.is_on
        )
        levels.append(standing_now)
    return Standing(rule, value, newest_ms, count, tuple(levels), run.watch.alert)


def judging(
    rules: Iterable[Rule], server: ServerProfile, metric: str, labels: Mapping[str, str]
) -> tuple[list[Rule], list[PassedOver]]:
    """The rules that judge a series, one of each family, and those about its metric that do not."""
    about = [one for one in rules if one.kind == THRESHOLD and one.metric == metric]
    chosen = effective(by_rank(about), server, metric, labels)
    passed = [PassedOver(one, _why_not(one, server, labels, chosen)) for one in about if one not in chosen.values()]
    return [chosen[family] for family in sorted(chosen)], passed


def quiet(
    periods: Iterable[QuietPeriod], server: ServerProfile, labels: Mapping[str, str], rule_id: str
) -> list[QuietPeriod]:
    """The silences that cover alerts of a rule at a series, whatever their level."""
    levels = ("info", "warning", "critical")
    return [one for one in periods if any(one.covers(server, labels, rule_id, level) for level in levels)]


def _why_not(rule: Rule, server: ServerProfile, labels: Mapping[str, str], chosen: Mapping[str, Rule]) -> str:
    if not rule.enabled:
        return "it was disabled"
    if not rule.levels:
        return "it has no levels"
    if not rule.scope.covers_server(server):
        return f"it is for {rule.scope.kind} {rule.scope.value or dict(rule.scope.labels)}".rstrip()
    if not (is_subset(rule.match, labels) and rule.scope.covers_series(labels)):
        return "it wants other labels"
    other = chosen.get(rule.family)
    return f"rule {other.id} is narrower" if other is not None else "it does not cover the series"
