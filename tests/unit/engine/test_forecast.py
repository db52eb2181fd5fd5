"""Forecasts: straight lines to a value, warm before they speak, and silent about what happens every night."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pulsemon_schemas.rules.rule import Window as Spec
from pulsemon_stream_processors.engine.forecast import NEVER_SECONDS, TimeTo, seconds_to
from support.disk_judging import FAST, SLOW, verdict
from support.disk_traces import disk_trace
from support.engine import Log

SEEDS = range(2)


def _feed(window: TimeTo, values: list[float], step_seconds: int = 60, first: int = 0) -> float:
    found = 0.0
    for number, value in enumerate(values):
        found = window.add((first + number) * step_seconds * 1000, value, number)
    return found


@settings(max_examples=100, deadline=None)
@given(st.floats(0.0001, 0.01), st.floats(0, 0.5), st.integers(3, 200))
def test_a_straight_line_is_followed_to_its_target(slope: float, start: float, count: int) -> None:
    values = [start + slope * number for number in range(count)]
    found = _feed(TimeTo(Spec("time_to", 3600, target=10.0)), values)
    assert found == pytest.approx(60 * (10 - values[-1]) / slope, rel=1e-6)


@pytest.mark.parametrize(
    ("value", "slope", "expected"),
    [(0.5, 0.1, 5.0), (0.5, 0.0, NEVER_SECONDS), (0.5, -0.1, NEVER_SECONDS), (1.0, 0.1, 0.0), (1.5, -0.1, 5.0),
     (0.5, 1e-12, NEVER_SECONDS)],
)  # fmt: skip
def test_how_long_it_takes(value: float, slope: float, expected: float) -> None:
    assert seconds_to(value, 1.0, slope) == pytest.approx(expected)


def test_a_state_goes_on_where_it_was() -> None:
    for guard in (0.0, 1.5):
        spec = Spec("time_to", 1800, target=1.0, guard=guard)
        window, again = TimeTo(spec), TimeTo(spec)
        _feed(window, [(number % 60) / 100 for number in range(3000)])
        again.restore(window.state(), window.previous)
        assert _feed(again, [0.5], first=3000) == _feed(window, [0.5], first=3000)
        assert (again.state(), again.is_ready) == (window.state(), window.is_ready)


def test_a_guard_waits_a_day_and_then_excuses_what_is_usual_at_the_hour() -> None:
    window = TimeTo(Spec("time_to", 1800, target=1.0, guard=1.5))
    night = [0.2 + 0.01 * number for number in range(40)]
    day = [0.2] * (1440 - 40)
    assert _feed(window, night) < 3 * 3600
    was_ready = window.is_ready
    _feed(window, day, first=40)
    assert _feed(window, night, first=1440) == NEVER_SECONDS
    assert (was_ready, window.is_ready) == (False, True)
    _feed(window, day, first=1480)
    assert _feed(window, [0.2 + 0.018 * number for number in range(40)], first=2880) < 3600


def test_a_guard_forgets_after_a_week() -> None:
    window = TimeTo(Spec("time_to", 1800, target=1.0, guard=1.5))
    _feed(window, [0.2 + 0.01 * number for number in range(40)])
    _feed(window, [0.2] * 1440 * 9, first=40)
    _feed(window, [0.2 + 0.01 * number for number in range(40)], first=1440 * 10)
    assert len(window.rises) <= 2


@pytest.mark.parametrize(
    ("kind", "lead_hours"),
    [("nightly burst", None), ("weekly sawtooth", None), ("6 % a day", 22.3), ("20 % a day", 23.4),
     ("60 % a day", 15.5), ("45 % in 3 h", 2.6)],
)  # fmt: skip
def test_the_two_rules_about_full_disks_are_as_good_as_the_best_of_others(kind: str, lead_hours: float | None) -> None:
    found = [verdict((SLOW, FAST), disk_trace(kind, seed)) for seed in SEEDS]
    assert sum(one.false_episodes for one in found) == 0
    if lead_hours is not None:
        assert round(sum(one.lead_hours or 0 for one in found) / len(found), 1) >= lead_hours


def test_an_event_has_the_time_that_is_left() -> None:
    log = Log()
    window = {"function": "time_to", "seconds": 600, "target": 1.0}
    levels = {"warning": {"limit": 3600, "recovery": 7200}}
    log.configure("rule/r", {"metric": "m", "operator": "<=", "window": window, "levels": levels})
    log.tick()
    for number in range(60):
        log.run({"m": 0.5 + number / 500}, 10)
    event = log.alerts()[0]
    left = (0.5 - (event.occurred_at_ms - log.now_ms + 590_000) / 5_000_000) * 5000
    assert event.value == pytest.approx(left)
    assert (event.window_function, event.limit, event.metric) == ("time_to", 3600, "m")
