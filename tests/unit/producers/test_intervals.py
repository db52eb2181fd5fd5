import pytest
from pulsemon_producers.intervals import in_ticks_ms


@pytest.mark.parametrize(
    ("interval_seconds", "tick_ms", "expected_ms"),
    [(10, 10_000, 10_000), (10, 1000, 1000), (5, 30_000, 30_000), (60, 10_000, 60_000), (60, 45_000, 90_000)],
)
def test_intervals_are_whole_ticks(interval_seconds: float, tick_ms: int, expected_ms: int) -> None:
    assert in_ticks_ms(interval_seconds, tick_ms) == expected_ms
