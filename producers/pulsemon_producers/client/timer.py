"""How long things take."""

from collections.abc import Callable
from contextvars import ContextVar
from time import perf_counter
from types import TracebackType
from typing import Any, NamedTuple, Optional, Self, TypeVar

from pulsemon_producers.client.belonging import Belonging
from pulsemon_producers.client.histogram import Histogram
from pulsemon_producers.client.wrapping import wrapped

Function = TypeVar("Function", bound=Callable[..., Any])


class _Started(NamedTuple):
    """What runs in one thread, greenlet or task, the latest first."""

    timer: "Timer"
    at_seconds: float
    before: Optional["_Started"]


_started: ContextVar[_Started | None] = ContextVar("pulsemon_started", default=None)


class Timer(Histogram):
    """A histogram of seconds: a context manager, a decorator of functions, coroutines and generators, or by hand.

    One timer may run many times at once, in threads, greenlets, tasks and inside itself. Example::

        with client.timer("shop.checkout", step="payment"):
            pay()

        @client.timer("shop.price")
        async def price(item): ...

        client.timer("shop.render").observe(0.012)
    """

    __slots__ = ()
    KIND = "timer"

    def __enter__(self) -> Self:
        _started.set(_Started(self, perf_counter(), _started.get()))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        ended = perf_counter()
        found = _started.get()
        if found is not None and found.timer is self:
            _started.set(found.before)
            self.observe(ended - found.at_seconds)
        else:
            self._leave(ended)

    def time(self) -> "Timing":
        """One measurement that may end in another thread or task than it began in. Example::

        timing = client.timer("shop.upload").time()
        queue.put((job, timing))  # the worker calls timing.stop()
        """
        return Timing(self)

    def __call__(self, function: Function) -> Function:
        """The function, measured at each call: a coroutine until it returns, a generator until it is exhausted."""
        return wrapped(function, self.time)

    def _leave(self, ended: float) -> None:
        """Leaves a block that others, begun later in the same context, have not left yet: generators do so."""
        inner: list[_Started] = []
        found = _started.get()
        while found is not None and found.timer is not self:
            inner.append(found)
            found = found.before
        if found is None:
            self._host.drop("invalid", 1, f"{self.name} ended in another context than it began in; use time()")
            return
        rest = found.before
        for one in reversed(inner):
            rest = one._replace(before=rest)
        _started.set(rest)
        self.observe(ended - found.at_seconds)


class Timing(Belonging):
    """One running measurement: began when it was made, is counted at the first ``stop``. Example::

    timing = client.timer("shop.upload").time()
    with timing:
        send()
    """

    __slots__ = ("_began", "_timer")

    def __init__(self, timer: Timer) -> None:
        self._timer: Timer | None = timer
        self._began = perf_counter()

    def stop(self) -> None:
        """Counts the seconds since it was made. Later calls do nothing. Example::

        timing = client.timer("shop.upload").time()
        timing.stop()
        """
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.observe(perf_counter() - self._began)

    def cancel(self) -> None:
        """Counts nothing. Example::

        timing = client.timer("shop.upload").time()
        timing.cancel()
        """
        self._timer = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()
