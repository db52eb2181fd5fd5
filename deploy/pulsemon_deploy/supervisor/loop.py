"""One thread that waits for files, timers and signals, and for nothing else: idle, it uses no processor time."""

import contextlib
import heapq
import itertools
import os
import selectors
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Action = Callable[[], None]
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Loop:
    """Calls back when a file can be read, at a time, or on a signal. Actions run one after the other."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._timers: list[tuple[float, int, Action]] = []
        self._numbers = itertools.count()
        self._is_running = False

    def now(self) -> float:
        """Seconds of the clock that timers use."""
        return time.monotonic()

    def on_readable(self, file: int, action: Action) -> None:
        """Calls ``action`` whenever ``file`` can be read, until ``forget``."""
        self._selector.register(file, selectors.EVENT_READ, action)

    def forget(self, file: int) -> None:
        """Stops looking at a file; one that is not looked at is no error."""
        with contextlib.suppress(KeyError, ValueError):
            self._selector.unregister(file)

    def after(self, delay_seconds: float, action: Action) -> None:
        """Calls ``action`` once. Timers are not cancelled: an action looks whether it still has a reason."""
        heapq.heappush(self._timers, (self.now() + delay_seconds, next(self._numbers), action))

    def stop(self) -> None:
        """Lets ``run`` return after the present action."""
        self._is_running = False

    def run(self) -> None:
        """Waits and calls back until ``stop``."""
        self._is_running = True
        while self._is_running:
            for key, _ in self._selector.select(self._wait_seconds()):
                if self._selector.get_map().get(key.fd) is key:  # an earlier action may have forgotten it
                    key.data()
            self._run_due()

    @contextmanager
    def signals(self, action: Callable[[int], None]) -> Iterator[None]:
        """Within it SIGINT, SIGTERM and SIGHUP call ``action`` with their number, in turn with everything else."""
        receiver, sender = socket.socketpair()
        with receiver, sender:
            receiver.setblocking(False)
            sender.setblocking(False)
            before = {number: signal.signal(number, lambda _number, _frame: None) for number in SIGNALS}
            wakeup_before = signal.set_wakeup_fd(sender.fileno())
            self.on_readable(receiver.fileno(), lambda: _dispatch(receiver, action))
            try:
                yield
            finally:
                self.forget(receiver.fileno())
                signal.set_wakeup_fd(wakeup_before)
                for number, handler in before.items():
                    signal.signal(number, handler)

    def close(self) -> None:
        """Frees the selector."""
        self._selector.close()

    def _wait_seconds(self) -> float | None:
        return max(self._timers[0][0] - self.now(), 0.0) if self._timers else None

    def _run_due(self) -> None:
        while self._timers and self._timers[0][0] <= self.now():
            heapq.heappop(self._timers)[2]()


def _dispatch(receiver: socket.socket, action: Callable[[int], None]) -> None:
    for number in receiver.recv(64):
        if number in SIGNALS:
            action(number)


def read_available(file: int) -> bytes | None:
    """What a pipe holds now, at most 64 KiB; b"" at its end, None when nothing waits."""
    try:
        return os.read(file, 65_536)
    except BlockingIOError:
        return None
