"""Brings what was written to the disk, on a thread of its own: a slow disk must not delay the next tick."""

import threading
from collections.abc import Callable

END_SECONDS = 1.0


class Flusher:
    """Calls ``flush`` soon after it was asked to; whatever is asked meanwhile is one more call. Thread-safe."""

    def __init__(self, flush: Callable[[], None]) -> None:
        self._flush = flush
        self._is_wanted = threading.Event()
        self._is_ended = False
        self._thread: threading.Thread | None = None

    def want(self) -> None:
        """Never waits. The thread starts with the first call: most agents never need it."""
        self._is_wanted.set()
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="pulsemon-flusher", daemon=True)
            self._thread.start()

    def end(self) -> None:
        """Ends the thread, but for one whose disk hangs."""
        self._is_ended = True
        self._is_wanted.set()
        if self._thread is not None:
            self._thread.join(END_SECONDS)

    def _run(self) -> None:
        while True:
            self._is_wanted.wait()
            self._is_wanted.clear()
            if self._is_ended:
                return
            self._flush()
