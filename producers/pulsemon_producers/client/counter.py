"""Totals: counters, which only grow, and sums that go up and down."""

from collections.abc import Callable
from types import TracebackType
from typing import Self, SupportsFloat

from pulsemon_producers.client.instrument import ASLEEP, Host, Instrument
from pulsemon_producers.client.reading import Labels, Reading
from pulsemon_producers.client.sums import WAITING_LIMIT, Sum

INFINITY = float("inf")


class _Total(Instrument):
    """A sum since the process began: what is lost on the way costs resolution, never counts."""

    __slots__ = ("_append", "_limit", "_sum", "_waiting")

    def __init__(self, host: Host, name: str, labels: Labels, refusal: tuple[str, str] | None = None) -> None:
        super().__init__(host, name, labels, refusal)
        self.begin_anew()

    def begin_anew(self) -> None:
        """As ``Instrument.begin_anew``."""
        self._limit = ASLEEP
        self._sum = Sum(self._count_refused)
        self._waiting = self._sum.waiting
        self._append = self._waiting.append

    def read(self) -> list[Reading]:
        """As ``Instrument.read``."""
        if self._function is not None:
            value = self._ask()
            return [] if value is None else [Reading("", (), value)]
        return [Reading("", (), self._sum.total())]

    def sleep(self) -> None:
        """The next value takes the slow way."""
        self._limit = ASLEEP

    def _settle(self) -> None:
        """The slow way of ``add``: its amount waits already."""
        if self._limit == ASLEEP:
            if not self._admits():
                self._waiting.pop()
                return
            self._limit = WAITING_LIMIT if self._host.is_running else ASLEEP
        self._sum.settle()

    def _count_refused(self, count: int) -> None:
        self._host.drop("invalid", count, f"{self.name} got what is not a number")


class Counter(_Total):
    """A total that only grows: requests, bytes, errors. Sent as the total since the process began; readers make rates.

    Example::

        served = client.counter("shop.orders", channel="web")
        served.add()
        served.add(3)
    """

    __slots__ = ()
    KIND = "counter"

    def add(self, amount: SupportsFloat = 1) -> None:
        """Adds an amount that is not negative, in the counter's own unit. Never blocks, never raises.

        What is negative, not finite or not a number is dropped and counted as ``invalid``.
        """
        try:
            if 0 <= amount < INFINITY:  # type: ignore[operator]  # numbers of all kinds compare; others raise
                self._append(amount)
                if len(self._waiting) > self._limit:
                    self._settle()
                return
        except Exception:  # noqa: BLE001, S110 - whatever foreign numbers do, the host goes on
            pass
        self._refuse(amount, "a number from 0")

    def set_function(self, function: Callable[[], SupportsFloat]) -> None:
        """Asks ``function`` for the total at each flush, in the background; it must be quick and only ever grow.

        If it raises, nothing is sent for this tick and it is counted as ``invalid``. Example::

            client.counter("shop.cache.hits").set_function(lambda: cache.hits)
        """
        if self._admits():
            self._function = function


class UpDown(_Total):
    """A sum that goes up and down: requests in flight, jobs that wait.

    Example::

        waiting = client.up_down("shop.jobs.waiting")
        waiting.add(1)
        waiting.add(-1)
        with client.up_down("shop.requests.active"):
            answer()
    """

    __slots__ = ()
    KIND = "up_down"

    def add(self, amount: SupportsFloat = 1) -> None:
        """Adds an amount, which may be negative. Never blocks, never raises.

        What is not finite or not a number is dropped and counted as ``invalid``.
        """
        try:
            if -INFINITY < amount < INFINITY:  # type: ignore[operator]  # numbers of all kinds compare; others raise
                self._append(amount)
                if len(self._waiting) > self._limit:
                    self._settle()
                return
        except Exception:  # noqa: BLE001, S110 - whatever foreign numbers do, the host goes on
            pass
        self._refuse(amount, "a finite number")

    def set_function(self, function: Callable[[], SupportsFloat]) -> None:
        """Asks ``function`` for the sum at each flush, as ``Counter.set_function``. Example::

        client.up_down("shop.pool.connections").set_function(lambda: len(pool))
        """
        if self._admits():
            self._function = function

    def __enter__(self) -> Self:
        self.add(1)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.add(-1)
