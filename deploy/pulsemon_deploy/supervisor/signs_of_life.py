"""Notices a process that gives no sign of life any more."""

from collections.abc import Callable

from pulsemon_deploy.supervisor.loop import Loop


class SignsOfLife:
    """Calls ``silent`` once, when no sign came for ``limit_seconds``, and none for half as long again.

    The second look is for a machine that slept: clocks jump, and the process needs a moment to say that it is there.
    Before the first sign nothing is expected. One timer at a time: it costs a few turns of the loop in an hour.
    """

    def __init__(self, loop: Loop, limit_seconds: float, silent: Callable[[], None]) -> None:
        self._loop = loop
        self._limit_seconds = limit_seconds
        self._silent = silent
        self._last: float | None = None
        self._is_suspected = False
        self._is_over = False

    def sign(self) -> None:
        """The process is there."""
        is_first = self._last is None
        self._last, self._is_suspected = self._loop.now(), False
        if is_first:
            self._loop.after(self._limit_seconds, self._look)

    def end(self) -> None:
        """Nothing is expected any more."""
        self._is_over = True

    def _look(self) -> None:
        if self._is_over or self._last is None:
            return
        left = self._last + self._limit_seconds - self._loop.now()
        if left > 0:
            self._loop.after(left, self._look)
        elif not self._is_suspected:
            self._is_suspected = True
            self._loop.after(self._limit_seconds / 2, self._look)
        else:
            self._is_over = True
            self._silent()
