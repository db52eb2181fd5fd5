"""Locks and threads of the operating system, also where gevent has put its own in their place.

What runs in the background is a real thread, so that neither a busy greenlet delays it nor it delays greenlets.
"""

import _thread
import contextlib
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

MAX_WAIT_SECONDS = 3600.0
POLL_SECONDS = 0.001


def new_lock() -> _thread.LockType:
    """A plain lock. The library holds one only for moments, and never while it calls foreign code."""
    lock: _thread.LockType = _native("allocate_lock")()
    return lock


def new_reentrant_lock() -> "AbstractContextManager[bool]":
    """A lock that its owner may take again."""
    lock: AbstractContextManager[bool] = _native("RLock")()
    return lock


def start_thread(run: Callable[[], None]) -> None:
    """Runs a function in a thread that does not keep the process alive. RuntimeError if there is none to be had.

    It does not wait for the thread to begin, as ``threading.Thread.start`` does.
    """
    _native("start_new_thread")(run, ())


def this_thread() -> int:
    """The number of the operating system's thread that calls, the same for all of its greenlets."""
    number: int = _native("get_ident")()
    return number


def wait_for_end(thread: int, seconds: float) -> None:
    """Waits until a thread has run to its end, so that nothing of it is left when the interpreter is taken apart."""
    pause = Bell()
    for _ in range(round(seconds / POLL_SECONDS)):
        if thread not in sys._current_frames():  # noqa: SLF001 - its documented name
            return
        pause.wait(POLL_SECONDS)


def _native(name: str) -> Any:
    monkey = sys.modules.get("gevent.monkey")
    return getattr(_thread, name) if monkey is None else monkey.get_original("_thread", name)


class Bell:
    """Wakes the one thread that waits for it. It may be rung from anywhere, from a signal handler too."""

    __slots__ = ("_lock",)

    def __init__(self) -> None:
        self._lock = new_lock()
        self._lock.acquire()

    def ring(self) -> None:
        """Ends the present wait, or the next one if nobody waits."""
        with contextlib.suppress(RuntimeError):  # it was rung before
            self._lock.release()

    def wait(self, seconds: float) -> bool:
        """True if it was rung within ``seconds``."""
        return self._lock.acquire(timeout=min(max(0.0, seconds), MAX_WAIT_SECONDS))
