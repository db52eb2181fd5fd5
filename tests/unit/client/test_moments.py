from pulsemon_producers.client.moments import STEPPED_BACK_MS, Moments

INTERVAL_MS = 10_000
START_MS = 1_780_000_004_321
TICK_MS = 1_780_000_000_000


def test_the_first_tick_is_the_next_one_and_each_comes_once() -> None:
    moments = Moments(INTERVAL_MS, START_MS)
    assert moments.due(START_MS) is None
    assert moments.wait_seconds(START_MS) == 5.679
    assert moments.due(TICK_MS + 10_003) == TICK_MS + 10_000
    assert moments.due(TICK_MS + 10_004) is None
    assert moments.due(TICK_MS + 55_000) == TICK_MS + 50_000, "what was slept through is not made up for"


def test_a_moment_between_ticks_is_never_one_that_was() -> None:
    moments = Moments(INTERVAL_MS, START_MS)
    assert [moments.between(START_MS) for _ in range(3)] == [START_MS, START_MS + 1, START_MS + 2]
    assert moments.due(TICK_MS + 10_000) == TICK_MS + 10_000
    assert moments.between(TICK_MS + 10_000) == TICK_MS + 10_001


def test_a_restart_repeats_no_moment() -> None:
    before = Moments(INTERVAL_MS, START_MS)
    last_ms = before.between(TICK_MS + 20_000)
    after = Moments(INTERVAL_MS, TICK_MS + 20_000, last_ms)
    assert after.due(TICK_MS + 20_001) is None
    assert after.between(TICK_MS + 20_000) == last_ms + 1
    assert after.due(TICK_MS + 30_000) == TICK_MS + 30_000


def test_a_clock_that_goes_back_a_little_is_waited_for() -> None:
    moments = Moments(INTERVAL_MS, START_MS)
    used = [moments.due(TICK_MS + 10_000), *(moments.due(TICK_MS + step) for step in range(0, 10_000, 1000))]
    assert used == [TICK_MS + 10_000] + [None] * 10
    assert moments.between(TICK_MS) == TICK_MS + 10_001


def test_a_clock_that_goes_back_far_is_followed_without_a_moment_twice() -> None:
    moments = Moments(INTERVAL_MS, START_MS)
    hour_ms = 3_600_000
    there = [moments.due(at_ms) for at_ms in range(TICK_MS, TICK_MS + hour_ms, 1000)]
    again = [moments.due(at_ms) for at_ms in range(TICK_MS, TICK_MS + hour_ms, 1000)]
    used = [moment for moment in there + again if moment is not None]

    assert len(used) == len(set(used)) > 700
    assert moments.steps == 1
    assert {moment % INTERVAL_MS for moment in used} == {0, 1}
    restarted = Moments(INTERVAL_MS, TICK_MS, TICK_MS + STEPPED_BACK_MS + 1, moments.steps)
    restarted.due(TICK_MS)
    assert restarted.steps == 2
