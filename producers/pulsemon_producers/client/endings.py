"""Sends what there is before the process ends: at its exit, and at SIGTERM.

Python calls handlers of signals in the main thread, so only there one can be set. Whoever sets one later, as web
servers do, replaces it; they then end the process in the ordinary way, and the exit flushes.
"""

import atexit
import os
import sys
from types import FrameType
from typing import Any

from pulsemon_producers.client.forks import WATCH


class Endings:
    """The handlers of this process, set once."""

    def __init__(self) -> None:
        self._is_at_exit = False
        self._at_multiprocessing_exit = 0
        self._is_at_sigterm = False
        self._is_terminating = False
        self._before: Any = None

    def flush_at_exit(self) -> None:
        """From here on the end of the process closes all clients; also the own one of ``multiprocessing``."""
        if not self._is_at_exit:
            self._is_at_exit = True
            atexit.register(self._close_all)
        util = sys.modules.get("multiprocessing.util")
        if util is not None and self._at_multiprocessing_exit != os.getpid():
            self._at_multiprocessing_exit = os.getpid()
            # a negative priority: after the process's own finalizers, which may still count something
            util.Finalize(None, self._close_all, exitpriority=-100)

    def flush_at_sigterm(self) -> None:
        """From here on SIGTERM flushes all clients, and then does what it did before. In the main thread only."""
        import signal
        import threading

        if self._is_at_sigterm or threading.current_thread() is not threading.main_thread():
            return

        before = signal.getsignal(signal.SIGTERM)
        if before is None or before is signal.SIG_IGN:
            return  # not set by Python, or the process lives on
        self._is_at_sigterm = True
        self._before = before
        signal.signal(signal.SIGTERM, self._on_sigterm)

    def _on_sigterm(self, number: int, frame: FrameType | None) -> None:
        if not self._is_terminating:
            self._is_terminating = True
            try:
                # all at once: each has its time, but together they take no longer
                for ticket in [core.begin_flush(core.settings.exit_seconds) for core in list(WATCH.cores)]:
                    ticket.wait()
            finally:
                self._is_terminating = False
        if callable(self._before):
            self._before(number, frame)
            return
        import signal

        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)

    def _close_all(self) -> None:
        closing = [(core, core.begin_close(core.settings.exit_seconds)) for core in list(WATCH.cores)]
        for core, ticket in closing:
            core.end_close(ticket)


ENDINGS = Endings()
