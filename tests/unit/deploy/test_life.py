"""What follows from a role's starting, being ready and ending."""

import pytest
from pulsemon_deploy.supervisor.life import DELAYS_SECONDS, HOPELESS_FAILURES, STABLE_SECONDS, Life, State


def run_once(life: Life, ready_seconds: float | None = None, exit_code: int = 1) -> tuple[float, bool]:
    life.started()
    if ready_seconds is not None:
        life.ready(0.0)
    ending = life.failed(ready_seconds or 0.0, exit_code)
    return ending.delay_seconds, ending.is_hopeless


def test_it_waits_longer_each_time_and_then_no_longer() -> None:
    life = Life()
    delays = [run_once(life, ready_seconds=1.0)[0] for _ in range(8)]
    assert delays == [*DELAYS_SECONDS, DELAYS_SECONDS[-1], DELAYS_SECONDS[-1]]
    assert life.restarts == 7


def test_having_been_ready_for_a_while_pays_failures_off() -> None:
    life = Life()
    for _ in range(4):
        run_once(life, ready_seconds=1.0)
    assert run_once(life, ready_seconds=STABLE_SECONDS) == (DELAYS_SECONDS[0], False)


def test_people_are_told_once_that_it_is_hopeless() -> None:
    life = Life()
    told = [run_once(life)[1] for _ in range(8)]
    assert told == [number == HOPELESS_FAILURES for number in range(1, 9)]


@pytest.mark.parametrize(("was_ready", "hopeless"), [(False, True), (True, False)])
@pytest.mark.parametrize("exit_code", [2, 3])
def test_what_no_repetition_mends_is_hopeless_at_once_unless_it_worked_before(
    exit_code: int, was_ready: bool, hopeless: bool
) -> None:
    life = Life(was_ever_ready=was_ready)
    assert run_once(life, exit_code=exit_code)[1] is hopeless


def test_what_needs_it_may_start_when_it_is_ready_or_done() -> None:
    life = Life()
    seen = []
    for change in (life.started, lambda: life.ready(0.0), life.done):
        change()
        seen.append(life.satisfies)
    assert seen == [False, True, True]
    assert life.state is State.DONE
