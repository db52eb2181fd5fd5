"""Windows over event time: what each function makes of its samples, and what leaves a window."""

import pytest
from pulsemon_schemas.rules.rule import Window as Spec
from pulsemon_stream_processors.engine.window import BUCKETS, Window
from pulsemon_stream_processors.engine.windows import new_window

VALUES = (4.0, 2.0, 9.0, 5.0)


def _window(function: str, seconds: float = 120, is_counter: bool = False) -> Window:
    window = new_window(Spec(function, seconds, is_counter))
    assert window is not None
    return window


def _feed(window: Window, values: tuple[float, ...] = VALUES, step_ms: int = 10_000) -> float:
    result = 0.0
    for index, value in enumerate(values):
        result = window.add(1_000_000 + index * step_ms, value, 50 + index)
    return result


@pytest.mark.parametrize(
    ("function", "is_counter", "expected"),
    [
        ("avg", False, 5.0),
        ("min", False, 2.0),
        ("max", False, 9.0),
        ("count", False, 4.0),
        ("p50", False, 4.0),
        ("p95", False, 9.0),
        ("delta", False, 1.0),
        ("delta", True, 0 + 2 + 7 + 5),  # 4 → 2 and 9 → 5 are counters that began anew
        ("rate", True, 14 / 30),
    ],
)
def test_each_function(function: str, is_counter: bool, expected: float) -> None:
    window = _window(function, is_counter=is_counter)
    assert _feed(window) == pytest.approx(expected)
    assert (window.count, window.first_offset) == (4, 50)


@pytest.mark.parametrize("function", ["avg", "min", "max", "count", "p50", "p95", "delta", "rate", "time_to"])
def test_the_buckets_are_bounded_and_the_result_is_that_of_the_samples_in_them(function: str) -> None:
    window = _window(function)
    for index in range(500):
        at_ms = 5_000 * index
        value = float((index * 7919) % 100)
        got = window.add(at_ms, value, index)
        assert len(window.buckets) <= BUCKETS
        again = _window(function)
        recent = [number for number in range(index + 1) if 5_000 * number // 10_000 > at_ms // 10_000 - BUCKETS]
        for number in recent:
            expected = again.add(5_000 * number, float((number * 7919) % 100), number)
        assert got == pytest.approx(expected)
        assert window.first_offset == recent[0]
        assert window.count == len(recent)


def test_old_samples_leave_after_a_pause() -> None:
    window = _window("max")
    _feed(window)
    assert window.add(1_000_000 + 10_000_000, 1.0, 99) == 1.0
    assert (window.count, window.first_offset) == (1, 99)


def test_growth_over_a_pause_is_not_of_the_window() -> None:
    window = _window("delta", is_counter=True)
    window.add(0, 5.0, 1)
    assert window.add(10_000_000, 1000.0, 2) == 0.0
    assert window.add(10_010_000, 1001.0, 3) == 1.0


def test_growth_counts_steps_between_and_inside_buckets() -> None:
    window = _window("delta", is_counter=True)
    values = [
        window.add(1_000_000 + 5_000 * index, value, index) for index, value in enumerate((1.0, 4.0, 6.0, 11.0, 2.0))
    ]
    assert values == [0.0, 3.0, 5.0, 10.0, 12.0]


def test_late_samples_make_a_bucket_only_where_there_is_none() -> None:
    window = _window("count")
    window.add(1_000_000, 1.0, 1)
    window.amend(1_000_000 - 1, 1.0, 2)
    window.amend(1_000_000 - 2, 1.0, 3)
    window.amend(1_000_000 - 20_001, 1.0, 4)
    window.amend(1_000_000, 1.0, 5)
    assert [bucket[1] for bucket in window.buckets] == [1, 2, 2]
    assert window.add(1_000_001, 1.0, 6) == 6.0


@pytest.mark.parametrize(("function", "expected"), [("avg", 16 / 3), ("min", 1.0), ("max", 9.0), ("count", 3.0)])
def test_a_late_sample_is_counted_where_it_belongs(function: str, expected: float) -> None:
    window = _window(function)
    window.add(1_000_000, 9.0, 1)
    window.amend(970_000, 1.0, 2)
    last = window.add(1_005_000, 6.0, 3)
    assert last == pytest.approx(expected)
    assert window.first_offset == 1


def test_a_sample_older_than_the_window_changes_nothing() -> None:
    window = _window("max")
    window.add(1_000_000, 1.0, 1)
    window.amend(1_000_000 - 120_000, 100.0, 2)
    assert window.add(1_001_000, 2.0, 3) == 2.0


def test_growth_passes_late_samples_over() -> None:
    window = _window("delta", is_counter=True)
    window.add(1_000_000, 10.0, 1)
    window.amend(990_000, 0.0, 2)
    assert window.add(1_010_000, 12.0, 3) == 2.0
