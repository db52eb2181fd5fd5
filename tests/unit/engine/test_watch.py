"""How a watch learns when its samples come, and what it makes of those that do not."""

import pytest
from pulsemon_schemas.rules import Level, Rule, Window
from pulsemon_stream_processors.engine.judged import LONGEST_STEP_MS, Key
from pulsemon_stream_processors.engine.moment import Moment
from pulsemon_stream_processors.engine.watch import Watch


def _watch(for_seconds: float = 0.0, window: Window | None = None) -> Watch:
    rule = Rule("r", "threshold", "f", "m", window=window or Window(), levels=(Level("warning", 10, for_seconds),))
    return Watch(Key("f", "m", ""), {}, rule)


def _feed(watch: Watch, at_seconds: float, value: float = 99.0) -> bool:
    """Feeds a sample; whether the level is on then."""
    watch.feed(value, Moment(round(at_seconds * 1000), 1, 0, False, "p", 0))
    return watch.conditions["warning"].is_on


def test_the_usual_step_is_learnt_from_the_samples() -> None:
    watch = _watch()
    steps = []
    for at_seconds in (0, 60, 70, 80, 95, 1000, 1010):
        _feed(watch, at_seconds)
        steps.append(watch.step_ms)
    assert steps == [0, 60_000, 10_000, 10_000, 11_250, 19_687, 10_000]


def test_a_step_that_really_became_longer_is_learnt_in_time() -> None:
    watch = _watch()
    for at_seconds in (0, 10, 20, *range(80, 1300, 60)):
        _feed(watch, at_seconds)
    assert 55_000 < watch.step_ms <= 60_000


def test_the_first_gap_is_bounded() -> None:
    watch = _watch()
    _feed(watch, 0)
    _feed(watch, 10_000_000)
    assert watch.step_ms == LONGEST_STEP_MS


@pytest.mark.parametrize(("gap_seconds", "is_on"), [(30, True), (31, False)])
def test_two_samples_may_be_missing_before_time_stops_to_count(gap_seconds: int, is_on: bool) -> None:
    watch = _watch(for_seconds=40)
    for at_seconds in (0, 10, 20):
        assert not _feed(watch, at_seconds)
    assert _feed(watch, 20 + gap_seconds) == is_on


@pytest.mark.parametrize(("gap_seconds", "is_on"), [(300, True), (301, False)])
def test_the_first_two_samples_belong_together_for_five_minutes(gap_seconds: int, is_on: bool) -> None:
    watch = _watch(for_seconds=100)
    assert not _feed(watch, 0)
    assert _feed(watch, gap_seconds) == is_on


def test_a_window_is_full_with_eighty_percent_of_its_samples() -> None:
    watch = _watch(window=Window("avg", 100))
    assert [_feed(watch, 10 * number) for number in range(8)] == [*[False] * 7, True]


@pytest.mark.parametrize("at_seconds", [40, 50])
def test_a_sample_that_is_not_newer_amends_what_the_window_holds_at_its_newest(at_seconds: int) -> None:
    watch = _watch(window=Window("max", 100))
    assert not _feed(watch, 50, 1.0)
    assert _feed(watch, at_seconds, 99.0)
    assert watch.is_amended
    assert (watch.last_ms, watch.seen_ms) == (50_000, 0)
    assert _feed(watch, 60, 1.0)
    assert not watch.is_amended


def test_a_sample_that_is_not_newer_is_no_evidence_where_the_last_one_decides() -> None:
    watch = _watch()
    assert not _feed(watch, 50, 1.0)
    assert not _feed(watch, 40, 99.0)
    assert not _feed(watch, 50, 99.0)


def test_a_late_sample_can_make_a_window_full_but_time_does_not_pass() -> None:
    watch = _watch(for_seconds=10, window=Window("avg", 100))
    for number in (0, 1, 2, 3, 5, 6, 7):
        assert not _feed(watch, 10 * number)
    assert watch.conditions["warning"].since_ms == -1
    assert not _feed(watch, 40)
    assert watch.conditions["warning"].since_ms == 70_000
    assert not _feed(watch, 45)
    assert _feed(watch, 80)
