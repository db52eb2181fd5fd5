"""The promise of the histogram: quantiles within 1 %, and merging two is counting both."""

import math
import random
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pulsemon_producers.client.sketch import MAX_BUCKETS, Sketch, bucket_of, value_of

SHARES = (0.0, 0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 1.0)
VALUES = st.floats(min_value=0, max_value=1e12, allow_nan=False, allow_subnormal=False)
COUNT = 20_000

DISTRIBUTIONS: dict[str, Callable[[random.Random], float]] = {
    "uniform": lambda chance: chance.uniform(0.001, 10),
    "normal": lambda chance: abs(chance.gauss(100, 15)),
    "log-normal": lambda chance: chance.lognormvariate(-5, 1),
    "exponential": lambda chance: chance.expovariate(20),
    "Pareto": lambda chance: chance.paretovariate(1.5),
    "two humps": lambda chance: chance.gauss(0.002, 0.0001) if chance.random() < 0.9 else chance.gauss(2, 0.1),
    "whole numbers": lambda chance: float(chance.randint(0, 50)),
    "constant": lambda _chance: 0.25,
}


def sketch_of(values: Sequence[float]) -> Sketch:
    sketch = Sketch()
    sketch.add(values)
    return sketch


def exact(values: Sequence[float], share: float) -> float:
    return sorted(values)[math.floor(share * (len(values) - 1))]


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_quantiles_of_distributions_are_within_one_percent(name: str) -> None:
    chance = random.Random(name)
    values = [DISTRIBUTIONS[name](chance) for _ in range(COUNT)]
    sketch = sketch_of(values)
    assert len(sketch.buckets) <= MAX_BUCKETS
    for share in SHARES if len(sketch.buckets) < MAX_BUCKETS else SHARES[4:]:
        assert sketch.quantile(share) == pytest.approx(exact(values, share), rel=0.01), (name, share)


@given(st.lists(VALUES, min_size=1, max_size=300), st.floats(min_value=0, max_value=1))
def test_every_quantile_of_any_values_is_within_one_percent(values: list[float], share: float) -> None:
    assert sketch_of(values).quantile(share) == pytest.approx(exact(values, share), rel=0.01, abs=1e-12)


@given(st.lists(VALUES, max_size=200), st.lists(VALUES, max_size=200))
def test_merging_two_is_counting_both(first: list[float], second: list[float]) -> None:
    merged = sketch_of(first)
    merged.merge(sketch_of(second))
    both = sketch_of([*first, *second])

    assert (merged.buckets, merged.count) == (both.buckets, both.count)
    assert (merged.least, merged.greatest) == (both.least, both.greatest)
    assert merged.total == pytest.approx(both.total)
    assert [merged.quantile(share) for share in SHARES] == [both.quantile(share) for share in SHARES]


@given(st.integers(min_value=1, max_value=4), st.integers())
@settings(max_examples=20, deadline=None)
def test_a_sketch_stays_small_and_its_high_quantiles_right(parts: int, seed: int) -> None:
    chance = random.Random(seed)
    values = [10 ** chance.uniform(-11, 11) for _ in range(2000)]
    merged = Sketch()
    for part in range(parts):
        merged.merge(sketch_of(values[part::parts]))
    both = sketch_of(values)

    assert len(both.buckets) == MAX_BUCKETS
    assert merged.buckets == both.buckets
    assert sum(both.buckets.values()) == len(values)
    for share in (0.9, 0.95, 0.99):
        assert both.quantile(share) == pytest.approx(exact(values, share), rel=0.01)


@given(VALUES)
def test_a_bucket_stands_for_its_values(value: float) -> None:
    assert value_of(bucket_of(value)) == pytest.approx(value, rel=0.01, abs=1e-12)


def test_nothing_has_no_quantile() -> None:
    assert Sketch().quantile(0.5) is None


def test_times_from_a_microsecond_to_minutes_are_known_to_one_in_a_hundred() -> None:
    times = [1e-6 * 1.01**step for step in range(2000)]
    assert times[-1] > 400
    sketch = sketch_of(times)
    for share in SHARES:
        assert sketch.quantile(share) == pytest.approx(exact(times, share), rel=0.01)
