import threading
from collections.abc import Mapping

import pytest
from pulsemon_stream_processors.errors import LogReplacedError, StuckError
from pulsemon_stream_processors.watchdog import Patience, Position, Watchdog
from support.waiting import wait_until


def look(patience: Patience, position: Position, seconds: int) -> None:
    for _ in range(seconds):
        patience.look({0: position}, 1.0)


def test_records_that_nobody_applies_end_the_worker() -> None:
    patience = Patience(30.0, 330.0)
    patience.look({0: Position(10, 5, 5)}, 1.0)
    look(patience, Position(10, 6, 5), 30)
    with pytest.raises(StuckError, match="partition 0 has records up to 11 and none from 6 on"):
        look(patience, Position(12, 6, 5), 1)


def test_a_partition_that_was_never_restored_is_no_exception() -> None:
    with pytest.raises(StuckError, match="partition 0 has records"):
        look(Patience(30.0, 330.0), Position(1, -1, -1001), 30)


def test_nothing_to_read_and_everything_committed_is_fine() -> None:
    look(Patience(30.0, 330.0), Position(10, 10, 10), 1000)
    look(Patience(30.0, 330.0), Position(0, -1, -1001), 1000)


def test_each_record_applied_begins_the_wait_anew() -> None:
    patience = Patience(30.0, 10_000.0)
    for offset in range(10):
        look(patience, Position(100, offset, 0), 29)


def test_commits_that_stand_still_while_records_are_applied_end_the_worker() -> None:
    patience = Patience(30.0, 330.0)
    for offset in range(4, 4 + 329):
        patience.look({0: Position(offset, offset, 3)}, 1.0)
    with pytest.raises(StuckError, match="nothing was committed after 3"):
        patience.look({0: Position(1000, 1000, 3)}, 1.0)


def test_a_partition_that_went_away_is_forgotten() -> None:
    patience = Patience(30.0, 330.0)
    look(patience, Position(10, 5, 5), 29)
    patience.look({}, 1.0)
    look(patience, Position(10, 5, 5), 29)


def test_time_in_which_the_process_was_stopped_does_not_count() -> None:
    patience = Patience(30.0, 330.0)
    for _ in range(4):
        patience.look({0: Position(10, 5, 5)}, 600.0)


@pytest.mark.parametrize("error", [StuckError("stuck"), LogReplacedError("made anew"), RuntimeError("nobody knew")])
def test_what_ends_the_watch_ends_the_worker(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    from pulsemon_stream_processors import watchdog

    monkeypatch.setattr(watchdog, "CHECK_SECONDS", 0.01)
    ended: list[Exception] = []
    done = threading.Event()

    def positions() -> Mapping[int, Position]:
        raise error

    def end(reason: Exception) -> None:
        ended.append(reason)
        done.set()

    dog = Watchdog(Patience(1.0, 1.0), positions, end)
    dog.start()
    wait_until(done.is_set, 5, "the end")
    dog.close()
    assert ended == [error]


def test_a_watch_that_was_closed_meanwhile_ends_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that stops takes away what is asked."""
    from pulsemon_stream_processors import watchdog

    monkeypatch.setattr(watchdog, "CHECK_SECONDS", 0.01)
    ended: list[Exception] = []
    is_asked = threading.Event()

    def positions() -> Mapping[int, Position]:
        is_asked.set()
        dog.close()
        raise RuntimeError("not started")

    dog = Watchdog(Patience(1.0, 1.0), positions, ended.append)
    dog.start()
    wait_until(is_asked.is_set, 5, "a look")
    wait_until(lambda: "watchdog" not in {thread.name for thread in threading.enumerate()}, 5, "the end of the watch")
    assert ended == []
