from pulsemon_producers.schedule import Due, Schedule, phase_ms
from pulsemon_producers.used_times import UsedTimes

TICK = 10_000
NOW = 1_764_000_000_000


def test_collects_at_its_phase_after_each_multiple_of_the_interval() -> None:
    schedule = Schedule(TICK, 500)
    schedule.due(NOW + 500, 0.0)

    assert schedule.due(NOW + TICK + 499, 9.999) is None
    assert schedule.due(NOW + TICK + 503, 10.003) == Due(NOW + TICK, lateness_seconds=0.003, missed=0)
    assert schedule.due(NOW + TICK + 510, 10.01) is None
    assert schedule.wait_seconds(NOW + TICK + 510) == 9.99


def test_begins_at_once_with_the_running_tick() -> None:
    assert Schedule(TICK, 500).due(NOW + 7000, 3.0) == Due(NOW, lateness_seconds=0, missed=0)


def test_without_knowing_what_was_used_it_begins_with_the_next_tick() -> None:
    schedule = Schedule(TICK, 500, begins_at_once=False)

    assert schedule.due(NOW + 7000, 0.0) is None
    assert schedule.due(NOW + TICK + 500, 3.5) == Due(NOW + TICK, lateness_seconds=0, missed=0)


def test_never_uses_what_an_earlier_run_has_used() -> None:
    schedule = Schedule(TICK, 0, UsedTimes.of([(NOW - 10 * TICK, NOW)]))

    assert schedule.due(NOW + 9999, 0.0) is None
    assert schedule.due(NOW + TICK, 0.001) == Due(NOW + TICK, 0, 0)


def test_ticks_that_passed_while_it_was_busy_are_missed_and_not_made_up() -> None:
    schedule = Schedule(TICK, 0)
    schedule.due(NOW, 0.0)

    late = schedule.due(NOW + 3 * TICK + 200, 30.2)

    assert late == Due(NOW + 3 * TICK, lateness_seconds=0.2, missed=2)
    assert schedule.due(NOW + 3 * TICK + 300, 30.3) is None


def test_a_tick_that_passed_after_a_first_one_that_was_late_is_missed_too() -> None:
    schedule = Schedule(TICK, 500)
    schedule.due(NOW + TICK + 400, 10.0)

    late = schedule.due(NOW + 2 * TICK + 600, 20.2)

    assert late == Due(NOW + 2 * TICK, lateness_seconds=0.1, missed=1)


def test_a_suspend_is_no_missed_tick() -> None:
    schedule = Schedule(TICK, 0)
    schedule.due(NOW, 100.0)

    woken = schedule.due(NOW + 8 * 3_600_000, 104.0)

    assert woken is not None
    assert woken.missed == 0


def test_a_step_back_waits_for_new_moments_but_a_wrong_future_does_not_silence_the_present() -> None:
    schedule = Schedule(TICK, 0)
    day = 86_400_000
    schedule.due(NOW + day, 0.0)

    assert schedule.due(NOW, 10.0) == Due(NOW, 0, 0)
    assert schedule.due(NOW + TICK, 20.0) == Due(NOW + TICK, 0, 0)
    assert schedule.due(NOW + 5000, 25.0) is None, "a small step back repeats nothing"
    assert schedule.due(NOW + 2 * TICK, 40.0) == Due(NOW + 2 * TICK, 0, 0)


def test_an_hour_that_the_clock_lives_through_again_is_collected_beside_what_was() -> None:
    schedule = Schedule(TICK, 0)
    for number in range(361):
        schedule.due(NOW + number * TICK, number * 10.0)

    assert schedule.due(NOW, 3610.0) == Due(NOW + 1, 0, 0)
    assert schedule.due(NOW + 5000, 3615.0) is None
    again = [schedule.due(NOW + number * TICK, 3610.0 + number * 10) for number in range(1, 361)]
    assert [due.recorded_at_ms if due else None for due in again[:358]] == [
        NOW + number * TICK + 1 for number in range(1, 359)
    ]
    assert again[358:] == [None, None], "it waits for the last of what was"
    assert schedule.due(NOW + 361 * TICK, 7220.0) == Due(NOW + 361 * TICK, 0, missed=2)


def test_phase_is_stable_spread_and_early() -> None:
    phases = [phase_ms(f"server-{number}", TICK) for number in range(200)]

    assert phases == [phase_ms(f"server-{number}", TICK) for number in range(200)]
    assert all(0 <= phase < 2000 for phase in phases)
    assert len({phase // 200 for phase in phases}) == 10
