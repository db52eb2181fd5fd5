from hypothesis import given
from hypothesis import strategies as st
from pulsemon_producers.schedule import MAX_LIVES, Schedule
from pulsemon_producers.used_times import UsedTimes

START = 1_764_000_000_000
INTERVALS = st.sampled_from([1000, 5000, 10_000, 60_000])
MOMENTS = st.lists(
    st.tuples(
        st.integers(0, 200_000),  # how long it runs on, in ms
        st.one_of(st.just(0), st.integers(-400_000, 400_000)),  # how far the clock steps besides
    ),
    max_size=60,
)


@given(INTERVALS, st.integers(0, 1999), MOMENTS)
def test_no_moment_comes_twice_whatever_the_clock_does(
    interval_ms: int, phase_ms: int, moments: list[tuple[int, int]]
) -> None:
    schedule = Schedule(interval_ms, phase_ms % interval_ms)
    wall_ms, monotonic_ms, seen = START, 0, []
    for run_ms, step_ms in moments:
        wall_ms, monotonic_ms = wall_ms + run_ms + step_ms, monotonic_ms + run_ms
        due = schedule.due(wall_ms, monotonic_ms / 1000)
        if due is not None:
            seen.append(due.recorded_at_ms)
            shift_ms = due.recorded_at_ms % interval_ms
            assert shift_ms < MAX_LIVES
            assert 0 <= wall_ms - phase_ms % interval_ms - (due.recorded_at_ms - shift_ms) < interval_ms
            assert 0 <= due.missed <= monotonic_ms / interval_ms
        assert schedule.due(wall_ms, monotonic_ms / 1000) is None, "one moment is one tick"
        assert 0 < schedule.wait_seconds(wall_ms) <= interval_ms / 1000
    assert len(seen) == len(set(seen))


@given(INTERVALS, st.integers(0, 1999), st.integers(0, 100_000), st.integers(2, 100))
def test_an_undisturbed_clock_misses_nothing(interval_ms: int, phase_ms: int, start_ms: int, steps: int) -> None:
    schedule = Schedule(interval_ms, phase_ms % interval_ms)
    wall_ms, seen = START + start_ms, []
    for _ in range(steps):
        due = schedule.due(wall_ms, (wall_ms - START) / 1000)
        assert due is not None
        assert due.missed == 0
        seen.append(due.recorded_at_ms)
        wall_ms += round(schedule.wait_seconds(wall_ms) * 1000)
    assert seen == list(range(seen[0], seen[0] + steps * interval_ms, interval_ms))


@given(st.lists(st.integers(0, 40), min_size=1, max_size=40))
def test_used_times_hold_what_was_added_and_nothing_else(ticks: list[int]) -> None:
    used = UsedTimes()
    for tick in ticks:
        used = used.adding(tick * 1000, 1000)

    assert {tick for tick in range(41) if used.run_at(tick * 1000, 1000)} == set(ticks)
    assert UsedTimes.of(used.runs) == used
    assert all(first.last_ms + 1000 < second.first_ms for first, second in zip(used.runs, used.runs[1:], strict=False))
