"""The event that ends a role, as a sign of its life: a loop that still asks whether to stop is not hung."""

import threading
import time
from collections.abc import Callable

PIECE_SECONDS = 5.0


class BeatingStop(threading.Event):
    """Calls ``beat`` whenever the thread that made it asks or waits; what other threads ask proves nothing."""

    def __init__(self, beat: Callable[[], None]) -> None:
        super().__init__()
        self._beat = beat
        self._owner = threading.get_ident()

    def is_set(self) -> bool:
        """As Event."""
        if threading.get_ident() == self._owner:
            self._beat()
        return super().is_set()

    def wait(self, timeout: float | None = None) -> bool:
        """As Event; a long wait is a sign of life again and again."""
        if threading.get_ident() != self._owner:
            return super().wait(timeout)
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            self._beat()
            left = PIECE_SECONDS if deadline is None else deadline - time.monotonic()
            if super().wait(max(0.0, min(left, PIECE_SECONDS))):
                return True
            if deadline is not None and time.monotonic() >= deadline:
                return False
