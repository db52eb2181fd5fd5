import logging
from collections.abc import Iterable

import pytest
from pulsemon_producers import crew as crew_module
from pulsemon_producers.collectors.base import Collector, Point, Tick
from pulsemon_producers.collectors.host import Host
from pulsemon_producers.crew import Crew
from support.waiting import wait_until
from unit.producers.doubles import Hanging, Raising, Slow, Steady

TICK_MS = 1000


def crew_of(*collectors: Collector, patience_seconds: float = 30) -> Crew:
    crew = Crew.of(collectors, TICK_MS)
    crew.patience_seconds = patience_seconds
    return crew


def tick(number: int) -> Tick:
    return Tick(number * TICK_MS, None, "boot", {})


def collected(crew: Crew, number: int) -> list[tuple[str, int]]:
    return sorted((outcome.collector, outcome.tick.recorded_at_ms) for outcome in crew.collect(tick(number)))


def test_all_collectors_answer_each_tick() -> None:
    crew = crew_of(Steady(Host()))

    assert collected(crew, 1) == [("steady", 1000)]
    assert crew.members["steady"].previous_ms == 1000
    assert collected(crew, 2) == [("steady", 2000)]
    crew.close(5)


def test_collectors_begin_one_after_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crew_module, "HEAD_START_SECONDS", 10.0)
    notes: list[str] = []

    class Noting(Steady):
        def __init__(self, name: str) -> None:
            super().__init__(Host())
            self.name = name

        def collect(self, tick: Tick) -> Iterable[Point]:
            notes.append(f"{self.name} begins")
            yield from super().collect(tick)
            notes.append(f"{self.name} ends")

    crew = crew_of(Noting("a"), Noting("b"))
    assert len(collected(crew, 1)) == 2

    assert notes == ["a begins", "a ends", "b begins", "b ends"]
    crew.close(5)


def test_a_hanging_collector_delays_nobody_is_counted_and_returns() -> None:
    hanging = Hanging(Host())
    crew = crew_of(Steady(Host()), hanging)

    for number in (1, 2, 3):
        assert collected(crew, number) == [("steady", number * TICK_MS)]
        assert hanging.entered.wait(10)

    member = crew.members["hanging"]
    assert (hanging.calls, member.errors, member.missed) == (1, 2, 2)

    hanging.release.set()
    wait_until(lambda: not crew.outcomes.empty(), what="the late outcome")
    assert collected(crew, 4) == [("hanging", 4000), ("steady", 4000)]
    assert (hanging.calls, member.errors, member.missed) == (2, 3, 2), "what came late is an error and dropped"
    crew.close(5)
    assert hanging.is_closed


def test_a_slow_collector_in_time_has_its_points_sent_with_the_next_tick() -> None:
    slow = Slow(Host())
    crew = crew_of(slow, patience_seconds=0.01)
    assert collected(crew, 1) == []

    slow.release.set()
    wait_until(lambda: not crew.outcomes.empty(), what="the slow outcome")
    crew.patience_seconds = 30

    assert collected(crew, 2) == [("slow", 1000), ("slow", 2000)]
    assert crew.members["slow"].errors == 0
    crew.close(5)


def test_a_collector_that_raises_is_counted_and_logged_once_until_it_works(caplog: pytest.LogCaptureFixture) -> None:
    raising = Raising(Host())
    crew = crew_of(raising, Steady(Host()))
    caplog.set_level(logging.INFO)

    for number in (1, 2, 3):
        assert collected(crew, number) == [("steady", number * TICK_MS)]
    assert crew.members["raising"].errors == 3
    raising.is_broken = False
    assert collected(crew, 4) == [("raising", 4000), ("steady", 4000)]

    messages = [record.getMessage() for record in caplog.records]
    assert len(messages) == 2
    assert "raised OSError: no such sensor" in messages[0]
    assert "It is called again every 1 s" in messages[0]
    assert messages[1] == "Collector raising works again."
    crew.close(5)


def test_a_collector_that_wants_to_end_the_program_is_one_that_fails(caplog: pytest.LogCaptureFixture) -> None:
    class Ending(Steady):
        name = "ending"

        def collect(self, tick: Tick) -> Iterable[Point]:
            raise SystemExit("usage: …")

    crew = crew_of(Ending(Host()), Steady(Host()))
    for number in (1, 2):
        assert collected(crew, number) == [("steady", number * TICK_MS)]

    assert (crew.members["ending"].errors, crew.members["ending"].missed) == (2, 0)
    assert "Collector ending raised SystemExit: usage: …" in caplog.text
    crew.close(5)


def test_a_collector_that_cannot_be_ended_keeps_no_other_from_its_end(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(Hanging):
        name = "broken"

        def interrupt(self) -> None:
            self.release.set()
            raise OSError("no way")

        def close(self) -> None:
            raise SystemExit(1)

    broken, hanging = Broken(Host()), Hanging(Host())
    hanging.release.set()
    crew = crew_of(broken, hanging)
    collected(crew, 1)
    assert broken.entered.wait(10)
    caplog.clear()

    crew.close(10)

    assert hanging.is_closed
    assert [message.partition(". ")[0] for message in caplog.messages] == [
        "interrupt() of collector broken raised OSError: no way",
        "close() of collector broken raised SystemExit: 1",
    ]


def test_a_collector_with_a_longer_interval_is_called_at_its_own_ticks() -> None:
    class Rare(Steady):
        name = "rare"
        interval_seconds = 60.0

    crew = crew_of(Rare(Host()))

    answered = [number for number in range(50, 130) if collected(crew, number)]

    assert answered == [50, 60, 120]
    crew.close(5)


def test_a_collector_that_is_at_work_when_the_agent_stops_is_told_and_closed() -> None:
    class Interruptible(Hanging):
        def interrupt(self) -> None:
            self.release.set()

    busy = Interruptible(Host())
    crew = crew_of(busy)
    collected(crew, 1)
    assert busy.entered.wait(10)

    crew.close(10)

    assert busy.is_closed


def test_two_collectors_of_one_name_are_a_mistake() -> None:
    with pytest.raises(ValueError, match="two collectors are named 'steady'"):
        crew_of(Steady(Host()), Steady(Host()))


def test_beginning_anew_calls_those_again_that_need_two_readings() -> None:
    class Rare(Steady):
        name = "rare"
        interval_seconds = 60.0

    class Once(Steady):
        name = "once"
        needs_two_readings = False

    crew = crew_of(Rare(Host()), Once(Host()))
    assert collected(crew, 61) == [("once", 61_000), ("rare", 61_000)]

    crew.begin_anew()

    assert collected(crew, 62) == [("rare", 62_000)]
    crew.close(5)


def test_a_collector_with_a_longer_interval_that_fails_is_called_at_pauses_that_double(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class RareRaising(Raising):
        interval_seconds = 60.0

    rare = RareRaising(Host())
    crew = crew_of(rare)
    called = []
    for number in range(61, 300):
        before = crew.members["raising"].errors
        assert collected(crew, number) == []
        if crew.members["raising"].errors > before:
            called.append(number)

    assert called == [61, 62, 64, 68, 76, 92, 124, 184, 244], "1, 2, 4, 8, 16, 32 s, and then every minute"
    (said,) = (record.getMessage() for record in caplog.records)
    assert "called again after 1 s, then at pauses that double up to its interval of 60 s" in said

    rare.is_broken = False
    assert [number for number in range(300, 430) if collected(crew, number)] == [304, 360, 420]
    rare.is_broken = True
    assert [number for number in range(430, 541) if collected(crew, number)] == []
    assert crew.members["raising"].failed_runs == 6, "from the first pause on again"
    crew.close(5)


def test_a_failure_before_the_clock_was_set_back_is_not_waited_for() -> None:
    class RareRaising(Raising):
        interval_seconds = 60.0

    rare = RareRaising(Host())
    crew = crew_of(rare)
    for number in range(3600, 3700):
        collected(crew, number)

    rare.is_broken = False

    assert collected(crew, 7) == [("raising", 7000)]
    crew.close(5)


def test_what_is_said_of_one_that_hangs_is_that_it_is_called_when_it_has_returned(
    caplog: pytest.LogCaptureFixture,
) -> None:
    hanging = Hanging(Host())
    crew = crew_of(hanging)
    for number in (1, 2):
        collected(crew, number)

    (said,) = (record.getMessage() for record in caplog.records)
    assert "hanging has not returned for 0 s" in said
    assert "It is called again when it has returned" in said
    hanging.release.set()
    crew.close(5)
