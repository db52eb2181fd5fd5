"""Quantiles: exact while values are few, near and bounded when they are many, whatever order they come in."""

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pulsemon_schemas.rules.rule import Window as Spec
from pulsemon_stream_processors.engine.quantile import GRAINS, MAX_VALUES, TALLY, Quantile, rounded
from pulsemon_stream_processors.engine.window import TOTAL

NUMBERS = st.floats(allow_nan=False, allow_infinity=False)


def _quantile(function: str, values: list[float], step_ms: int = 1000, seconds: float = 120) -> tuple[Quantile, float]:
    window = Quantile(Spec(function, seconds))
    found = 0.0
    for number, value in enumerate(values):
        found = window.add(number * step_ms, value, number)
    return window, found


def _nearest_rank(values: list[float], percent: int) -> float:
    return sorted(values)[math.ceil(len(values) * percent / 100) - 1]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=100), st.sampled_from(["p50", "p95"]))
def test_few_values_are_exact(values: list[float], function: str) -> None:
    assert _quantile(function, values)[1] == _nearest_rank(values, int(function[1:]))


@pytest.mark.parametrize("function", ["p50", "p95"])
def test_many_values_are_near_and_bounded(function: str) -> None:
    chance = random.Random(3)
    values = [chance.lognormvariate(0, 1) for _ in range(5000)]
    window, found = _quantile(function, values, step_ms=20)
    exact = _nearest_rank(values, int(function[1:]))
    assert exact * 0.96 <= found <= exact
    assert all(len(bucket[TALLY]) <= MAX_VALUES for bucket in window.buckets)


def test_values_near_one_another_stay_within_two_thousandths() -> None:
    chance = random.Random(3)
    values = [chance.uniform(0.90, 0.93) for _ in range(5000)]
    window, found = _quantile("p95", values, step_ms=20)
    assert _nearest_rank(values, 95) * 0.998 <= found <= _nearest_rank(values, 95)
    assert {GRAINS[int(bucket[TOTAL])] for bucket in window.buckets} == {10}


@settings(max_examples=50, deadline=None)
@given(st.lists(NUMBERS, min_size=1, max_size=400), st.randoms(use_true_random=False))
def test_the_order_of_samples_in_a_bucket_changes_nothing(values: list[float], chance: random.Random) -> None:
    shuffled = chance.sample(values, len(values))
    first, second = (_quantile("p50", one, step_ms=1, seconds=12 * 3600) for one in (values, shuffled))
    assert first[0].state() == second[0].state()
    assert first[1] == second[1]


@settings(max_examples=200, deadline=None)
@given(NUMBERS, st.sampled_from(GRAINS), st.sampled_from(GRAINS))
def test_rounding_in_two_steps_is_rounding_in_one(value: float, fine: int, coarse: int) -> None:
    if fine >= coarse:
        assert rounded(rounded(value, fine), coarse) == rounded(value, coarse)


def test_a_state_goes_on_where_it_was() -> None:
    chance = random.Random(5)
    values = [chance.gauss(10, 3) for _ in range(400)]
    window, _ = _quantile("p95", values, step_ms=100)
    again = Quantile(window.spec)
    again.restore(window.state(), window.previous)
    assert again.add(40_100, 3.0, 400) == window.add(40_100, 3.0, 400)
    assert again.state() == window.state()
