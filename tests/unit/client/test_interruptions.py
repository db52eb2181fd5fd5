"""Signals and forks come at any moment; no count may be lost, and nothing may wait."""

import gc
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import pytest
from pulsemon_producers.client.core import FORK_WAIT_SECONDS
from pulsemon_producers.client.transport import Memory
from support.clients import Maker, dropped, of_batch, own_labels, values


@contextmanager
def alarms(handler: "Handler") -> Iterator[None]:
    before = signal.signal(signal.SIGALRM, handler)
    signal.setitimer(signal.ITIMER_REAL, 0.001, 0.0005)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


class Handler:
    """Does in the main thread, at any of its instructions, what that thread does itself."""

    def __init__(self, make: Maker) -> None:
        self.client = make(max_series=100_000, max_label_values=100_000)
        self.calls = 0
        self.counter = self.client.counter("shop.a")

    def __call__(self, number: int, frame: FrameType | None) -> None:
        self.count(self.calls)

    def count(self, number: int) -> None:
        self.calls += 1
        self.counter.add()
        self.client.count("shop.b", number=str(number))
        self.client.observe("shop.h", 1)


def test_a_signal_handler_may_count_whatever_it_interrupts(make: Maker) -> None:
    handler = Handler(make)
    main_calls = 3000
    with alarms(handler):
        for number in range(main_calls):
            handler.counter.add()
            handler.client.count("shop.b", number=str(number))
            handler.client.observe("shop.h", 1)
    found = values(handler.client)

    assert handler.calls > 10
    assert found["shop.a"] == found["shop.h.count"] == main_calls + handler.calls
    assert sum(value for name, value in found.items() if name.startswith("shop.b{")) == main_calls + handler.calls


def test_a_finaliser_may_count_too(make: Maker) -> None:
    client = make()
    counter = client.counter("shop.freed")

    class Freed:
        def __init__(self) -> None:
            self.itself = self

        def __del__(self) -> None:
            counter.add()
            client.count("shop.freed")

    for _ in range(2000):
        Freed()
    gc.collect()
    assert values(client)["shop.freed"] == 4000


def test_a_fork_begins_anew_and_the_parent_goes_on(make: Maker) -> None:
    memory = Memory()
    client = make(memory, flush_interval_seconds=300.0)
    counter, gauge, active = client.counter("shop.a"), client.gauge("shop.g"), client.up_down("shop.u")
    client.gauge("shop.f").set_function(lambda: 3)
    counter.add(5)
    gauge.set(1)
    active.add(2)
    client.count("shop.a", -1)
    assert client.flush()
    memory.batches.clear()
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        ok = not client._core.is_running and dropped(client) == {}
        ok = ok and values(client) == {"shop.a": 0, "shop.u": 0, "shop.f": 3}
        counter.add(2)
        ok = ok and client.flush() and of_batch(memory.batches[-1]) == {"shop.a": 2, "shop.u": 0, "shop.f": 3}
        ok = ok and memory.batches[-1].labels[-1] == own_labels(1) and memory.batches[-1].sequence == 0
        os.write(writing, memory.batches[-1].producer_id.encode() if ok else b"wrong")
        os._exit(0)
    os.waitpid(child, 0)
    os.close(writing)
    with os.fdopen(reading) as answer:
        child_id = answer.read()
    counter.add(1)
    assert client.flush()
    (batch,) = memory.batches

    assert of_batch(batch) == {"shop.a": 6, "shop.u": 2, "shop.g": 1, "shop.f": 3}
    assert (batch.labels[-1], batch.sequence) == (own_labels(0), 1)
    assert child_id not in ("wrong", batch.producer_id)


FORK_WHILE_LOADING = """
import os, threading, time
from pulsemon import Client
from pulsemon_producers.client.transport import Memory

begun = threading.Event()

def load():
    begun.set()
    time.sleep(0.3)
    import logging
    logging.getLogger("of a library that is loaded")
    return Memory()

client = Client("shop", transport=load, runtime_folder=os.environ["SLOTS"], environ={})
import logging
client.count("shop.a")
assert begun.wait(20)
at = time.monotonic()
child = os.fork()
took = time.monotonic() - at
client.count("shop.a")
ok = client.flush(20) and took < float(os.environ["LONGEST"])
if not child:
    os._exit(0 if ok else 1)
assert os.waitpid(child, 0)[1] == 0, "the child"
assert ok, took
"""


def test_a_fork_waits_for_what_is_being_loaded_even_if_it_needs_the_lock_of_logging(tmp_path: Path) -> None:
    longest_seconds = FORK_WAIT_SECONDS / 2
    environ = {**os.environ, "SLOTS": str(tmp_path), "LONGEST": str(longest_seconds)}
    done = subprocess.run([sys.executable, "-c", FORK_WHILE_LOADING], env=environ, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_child_that_is_half_loaded_sends_nothing_and_says_so(
    make: Maker, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("pulsemon_producers.client.core.FORK_WAIT_SECONDS", 0.05)
    begun, goes_on = threading.Event(), threading.Event()

    def load() -> Memory:
        begun.set()
        goes_on.wait(20)
        return Memory()

    client = make(load)
    client.count("shop.a")
    assert begun.wait(20)
    child = os.fork()
    if not child:
        client.count("shop.a")
        ok = client.flush(20) and dropped(client) == {"closed": 1} and "forked while" in caplog.text
        os._exit(0 if ok else 1)
    assert os.waitpid(child, 0)[1] == 0
    goes_on.set()
    assert client.flush(20), "its parent goes on"


def test_forks_while_threads_count_hang_nowhere(make: Maker) -> None:
    client = make(flush_interval_seconds=0.1)
    stops = threading.Event()

    def count() -> None:
        number = 0
        while not stops.is_set():
            number += 1
            client.count("shop.a", number=str(number % 150))
            client.observe("shop.h", number)

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(8):
            child = os.fork()
            if not child:
                client.count("shop.a", number="1")
                client.observe("shop.h", 1)
                os._exit(0 if client.flush(20) and client.close(20) else 1)
            assert os.waitpid(child, 0)[1] == 0
    finally:
        stops.set()
        for thread in threads:
            thread.join()
    assert dropped(client) == {}


@pytest.mark.skipif(sys.platform != "linux", reason="descriptors are counted in /proc")
def test_a_closed_client_leaves_nothing_open(make: Maker) -> None:
    def descriptors() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    before = descriptors()
    for _ in range(5):
        client = make()
        client.count("shop.a")
        assert client.close(5)
    assert descriptors() == before
