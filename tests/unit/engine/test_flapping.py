"""Alerts that come and go: one alert that flaps, with the recovery value that would have kept it one."""

import math

import pytest
from pulsemon_stream_processors.engine.flapping import ENTER, LEAVE, MAX_FLIPS, WINDOW_MS, noted, share
from support.engine import Log
from support.flap_judging import USUAL, day
from support.flap_traces import LIMIT, flap_trace

SEEDS = range(2)
NAIVE = {"limit": LIMIT}
RULE = {"metric": "m", "levels": {"warning": {"limit": 10}, "critical": {"limit": 20}}}


def _swing(log: Log, times: int, high: float = 12, low: float = 9) -> None:
    for _ in range(times):
        log.run({"m": high}, 30)
        log.run({"m": low}, 30)


def _log() -> Log:
    log = Log()
    log.configure("rule/r", RULE)
    log.tick()
    return log


def test_the_third_recovery_within_the_hour_is_flapping_and_says_what_would_help() -> None:
    log = _log()
    _swing(log, 3)
    log.run({"m": 12}, 30)
    *_, event = log.alerts()
    assert log.story() == ["firing warning", "resolved warning"] * 2 + ["firing warning", "flapping warning"]
    assert event.reason == "6 changes within 60 minutes: a recovery of 9 would make it one alert"
    assert event.calm_value == math.nextafter(9, 0)


def test_it_ends_when_it_is_steady_with_the_value_of_all_that_time() -> None:
    log = _log()
    _swing(log, 4, low=8)
    log.run({"m": 5}, 3600)
    event = log.alerts()[-1]
    assert (event.previous_state, event.state) == ("flapping", "resolved")
    assert event.reason.endswith("a recovery of 5 would make it one alert")
    _swing(log, 1)
    assert log.alerts()[-1].alert_id != event.alert_id


def test_it_fires_again_when_it_is_steady_above() -> None:
    log = _log()
    _swing(log, 3)
    log.run({"m": 12}, 3600)
    assert log.story()[-1] == "firing warning"
    assert log.alerts()[-1].alert_id == log.alerts()[-2].alert_id
    log.run({"m": 1}, 10)
    assert log.story()[-1] == "resolved warning"


def test_a_worse_level_is_told_all_the_same() -> None:
    log = _log()
    _swing(log, 3)
    _swing(log, 3, high=25)
    assert log.story()[-2:] == ["flapping warning", "flapping critical"]


def test_series_that_go_are_unknown_and_it_counts_for_the_status() -> None:
    log = _log()
    log.configure("server/web-1", {"environment": "production"})
    _swing(log, 3)
    assert log.statuses()[-1] == "warning"
    log.run({"other": 1}, 400)
    assert log.story()[-1] == "unknown warning"


def test_a_rule_may_go_without() -> None:
    log = Log()
    log.configure("rule/r", {**RULE, "flapping": False})
    log.tick()
    _swing(log, 6)
    assert log.story() == ["firing warning", "resolved warning"] * 6


def test_changes_weigh_less_the_older_they_are_and_are_forgotten() -> None:
    flips = tuple((at_ms, 0.0) for at_ms in range(0, WINDOW_MS, WINDOW_MS // MAX_FLIPS))
    old = (0, 0.0)
    shares = [share(flips, WINDOW_MS + later) for later in range(0, WINDOW_MS, WINDOW_MS // 10)]
    assert shares == sorted(shares, reverse=True)
    assert (share((old,) * 20, 0), share((old,) * 20, WINDOW_MS - 1)) == pytest.approx((1.2, 0.8), rel=1e-3)
    assert share((old,), WINDOW_MS) == 0
    assert len(noted((old,) * MAX_FLIPS, 5, 1.0)) == MAX_FLIPS
    assert noted((old, (5, 2.0)), WINDOW_MS, 3.0) == ((5, 2.0), (WINDOW_MS, 3.0))
    assert LEAVE < ENTER


@pytest.mark.parametrize("kind", ["at the limit", "below the limit"])
def test_a_naive_rule_calls_a_few_times_a_day_and_with_the_value_it_says_not_more(kind: str) -> None:
    for seed in SEEDS:
        values = flap_trace(kind, seed)
        naive = day(NAIVE, values)
        each = day(NAIVE, values, flapping=False)
        assert len(naive.told) <= 12 < 400 < len(each.told)
        suggested = next(event.calm_value for event in naive.told if event.state == "flapping")
        assert suggested is not None
        assert len(day({**NAIVE, "recovery": suggested}, values, flapping=False).told) < 0.75 * len(each.told)


@pytest.mark.parametrize(
    ("kind", "transitions", "firing_minutes"),
    [("at the limit", 1.0, (726, 1440)), ("below the limit", 12.7, (303, 1440)), ("one incident", 2.0, (28, 34))],
)
def test_usual_levels_are_as_calm_as_the_best_of_others_and_not_blind(
    kind: str, transitions: float, firing_minutes: tuple[float, float]
) -> None:
    found = [day(USUAL, flap_trace(kind, seed)) for seed in SEEDS]
    assert sum(one.transitions for one in found) / len(found) <= transitions
    assert firing_minutes[0] <= sum(one.firing_minutes for one in found) / len(found) <= firing_minutes[1]
