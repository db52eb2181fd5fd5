import pytest
from pulsemon_schemas.errors import TransientError
from pulsemon_sinks.reader.choice import Window
from pulsemon_ui.data import Dashboard
from support.fleets import FakeRepository


class Clock:
    seconds = 1_800_000_000.0

    def __call__(self) -> float:
        return self.seconds


def test_when_the_store_is_away_the_last_good_answer_is_given_with_its_age(caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    dashboard = Dashboard(FakeRepository(), clock)
    dashboard.ask("question", lambda: 42)
    clock.seconds += 7

    def fail() -> int:
        raise TransientError("away", 1.0)

    answer = dashboard.ask("question", fail)

    assert (answer.value, answer.failed_seconds) == (42, 7.0)
    assert "away" in caplog.text


def test_without_any_answer_yet_there_is_none() -> None:
    def fail() -> int:
        raise TransientError("away", 1.0)

    assert Dashboard(FakeRepository()).ask("question", fail).value is None


def test_the_last_good_answer_may_be_of_another_window() -> None:
    dashboard = Dashboard(FakeRepository())
    dashboard.ask(("series", "a", Window(0, 10, 1)), lambda: 1)

    def fail() -> int:
        raise TransientError("away", 1.0)

    assert dashboard.ask(("series", "a", Window(5, 15, 1)), fail).value == 1
    assert dashboard.ask(("series", "b", Window(5, 15, 1)), fail).value is None


def test_viewers_share_an_answer() -> None:
    dashboard = Dashboard(FakeRepository())

    assert dashboard.fleet() is dashboard.fleet()


def test_other_errors_are_not_hidden() -> None:
    def wrong() -> int:
        raise ValueError("a mistake")

    with pytest.raises(ValueError, match="a mistake"):
        Dashboard(FakeRepository()).ask("question", wrong)
