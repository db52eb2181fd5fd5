import threading
import time

import pytest
from pulsemon_deploy.beating_stop import BeatingStop


def test_asking_and_waiting_are_signs_of_life_of_the_own_thread_alone() -> None:
    beats: list[int] = []
    stop = BeatingStop(lambda: beats.append(threading.get_ident()))
    assert not stop.is_set()
    assert not stop.wait(0)
    own = len(beats)
    assert own >= 2
    other = threading.Thread(target=lambda: (stop.is_set(), stop.wait(0.01)))
    other.start()
    other.join()
    assert beats == [threading.get_ident()] * own


def test_it_ends_a_wait_as_any_event_does() -> None:
    stop = BeatingStop(lambda: None)
    threading.Timer(0.05, stop.set).start()
    began = time.monotonic()
    assert stop.wait()
    assert stop.wait(30)
    assert stop.is_set()
    assert time.monotonic() - began < 4


def test_a_long_wait_is_many_signs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pulsemon_deploy.beating_stop.PIECE_SECONDS", 0.02)
    beats: list[float] = []
    stop = BeatingStop(lambda: beats.append(time.monotonic()))
    assert not stop.wait(0.2)
    assert len(beats) >= 5
