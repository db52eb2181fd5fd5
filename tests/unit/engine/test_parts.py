"""The small parts: the partition's time, the control log in force, what was seen, and when a level is entered."""

import pytest
from pulsemon_schemas.rules import Level, Rule, RuleError, parse_quiet, parse_rule
from pulsemon_stream_processors.engine.condition import Condition
from pulsemon_stream_processors.engine.control_in_force import ControlInForce, Verdict
from pulsemon_stream_processors.engine.identity import alert_id, event_id
from pulsemon_stream_processors.engine.log_time import STEP_CAP_MS, LogTime
from pulsemon_stream_processors.engine.producers import FORGET_MS, MAX_PRODUCERS, Producers


def test_time_is_the_highest_append_time_and_its_steps() -> None:
    time = LogTime()
    for append_time_ms in (1000, 6000, 3000, 6000, 9000):
        time.advance(append_time_ms)
    assert (time.clock_ms, time.elapsed_ms, time.hole_ms) == (9000, 8000, 0)


def test_a_long_step_is_capped_and_is_a_hole() -> None:
    time = LogTime()
    time.advance(0)
    time.advance(STEP_CAP_MS)
    assert (time.elapsed_ms, time.hole_ms) == (STEP_CAP_MS, 0)
    time.advance(2 * STEP_CAP_MS + 1)
    assert (time.elapsed_ms, time.hole_ms) == (2 * STEP_CAP_MS, 2 * STEP_CAP_MS)
    time.advance(time.clock_ms + 5000)
    assert time.silence_ms(0) == 5000
    assert time.silence_ms(time.elapsed_ms - 1000) == 1000


def test_the_highest_offset_of_one_control_topic_is_in_force() -> None:
    control = ControlInForce()
    assert control.verdict("a", -1) is Verdict.ADVANCED
    control.advance("a", 5)
    assert control.verdict("a", 4) is Verdict.KEPT
    assert control.verdict("a", 5) is Verdict.KEPT
    assert control.verdict("a", 6) is Verdict.ADVANCED


def test_a_replaced_control_topic_never_returns_and_a_shorter_one_is_refused() -> None:
    control = ControlInForce()
    control.advance("a", 5)
    assert control.verdict("b", 4) is Verdict.REFUSED
    assert control.verdict("b", 5) is Verdict.ADVANCED
    control.advance("b", 5)
    assert control.verdict("a", 100) is Verdict.KEPT
    assert control.replaced_ids == ["a"]


def test_a_sequence_is_taken_once_until_its_producer_is_forgotten() -> None:
    seen, now_ms = Producers(), 1_780_000_000_000
    assert [seen.is_new("p", sequence, now_ms) for sequence in (0, 0, 2, 1, 3)] == [True, False, True, False, True]
    assert seen.is_new("q", 0, now_ms)
    assert not seen.is_new("p", 3, now_ms + FORGET_MS - 1)
    assert seen.is_new("p", 3, now_ms + FORGET_MS)
    assert set(seen.last) == {"p"}


def test_producers_are_bounded() -> None:
    seen = Producers()
    for number in range(MAX_PRODUCERS + 10):
        assert seen.is_new(f"p{number}", 0, number)
    assert len(seen.last) == MAX_PRODUCERS
    assert not seen.is_new("p10", 0, MAX_PRODUCERS)


def test_ids_are_those_of_the_facts() -> None:
    assert alert_id("a", "bc", "", "p", 1) != alert_id("ab", "c", "", "p", 1)
    assert alert_id("a", "b", "", "p", 1) == alert_id("a", "b", "", "p", 1)
    assert len({event_id("x", number) for number in range(10)}) == 10


RULE = Rule("r", levels=(Level("warning", 10, 20, 8, 30),))


def _states(values: list[float], full: bool = True, gaps: frozenset[int] = frozenset(), step: int = 10) -> list[bool]:
    condition = Condition()
    states = []
    for index, value in enumerate(values):
        condition.judge(RULE, RULE.levels[0], value, 1000 * step * index, full, index not in gaps)
        states.append(condition.is_on)
    return states


def test_a_level_is_entered_after_for_and_left_after_keep_firing() -> None:
    assert _states([11, 11, 11, 9, 9, 8, 8, 8, 8, 11]) == [
        False,
        False,
        True,
        True,
        True,
        True,
        True,
        True,
        False,
        False,
    ]


def test_one_calm_value_restarts_for_and_one_value_above_recovery_restarts_keep() -> None:
    assert _states([11, 11, 9, 11, 11, 11]) == [False] * 5 + [True]
    assert _states([11, 11, 11, 8, 8, 8, 9, 8, 8, 8, 8]) == [False, False, *[True] * 8, False]


def test_time_without_samples_counts_for_nothing() -> None:
    assert _states([11, 11, 11, 11, 11], gaps=frozenset({2})) == [False, False, False, False, True]
    assert _states([11, 11, 11, 8, 8, 8, 8, 8, 8, 8], gaps=frozenset({5})) == [False, False, *[True] * 6, False, False]


@pytest.mark.parametrize(("operator", "value", "calm"), [(">=", 10.0, 9.999), ("<=", 10.0, 10.001)])
def test_the_calm_value_is_the_nearest_that_does_not_cross(operator: str, value: float, calm: float) -> None:
    rule = Rule("r", operator=operator)
    assert rule.is_beyond(value, 10.0)
    assert not rule.is_beyond(rule.calm_value(10.0), 10.0)
    assert rule.calm_value(10.0) == pytest.approx(calm, abs=0.01)
    assert Rule("r", operator=">").calm_value(10.0) == 10.0


def test_an_average_needs_its_window_but_a_maximum_above_does_not() -> None:
    def rule(function: str, operator: str) -> Rule:
        from pulsemon_schemas.rules import Window

        return Rule("r", operator=operator, window=Window(function, 60))

    needs = {(function, operator) for function in ("avg", "min", "max", "count", "delta", "rate")
             for operator in (">=", "<") if rule(function, operator).needs_full_window}  # fmt: skip
    assert needs == {
        ("avg", ">="), ("avg", "<"), ("min", ">="), ("max", "<"), ("count", "<"), ("delta", "<"),
        ("rate", ">="), ("rate", "<"),
    }  # fmt: skip


@pytest.mark.parametrize(("metric", "function", "counts"), [
    ("no.such.metric", "rate", True), ("no.such.metric", "delta", False), ("system.memory.oom_kills", "delta", True),
])  # fmt: skip
def test_an_unknown_metric_counts_where_its_rate_is_asked_for(metric: str, function: str, counts: bool) -> None:
    body = {"metric": metric, "window": {"function": function, "seconds": 60}, "levels": {}}
    assert parse_rule("r", body).window.is_counter is counts


def test_a_silence_is_for_levels_that_there_are() -> None:
    body = {"intervals": [[0, 1]], "levels": ["critical"]}
    assert parse_quiet("silence", "s", body).levels == {"critical"}
    with pytest.raises(RuleError, match="must be of info, warning, critical, is 'odd'"):
        parse_quiet("silence", "s", {**body, "levels": ["odd"]})
