"""A value that means something by itself."""

from collections.abc import Callable
from typing import SupportsFloat

from pulsemon_producers.client.instrument import Host, Instrument
from pulsemon_producers.client.reading import Labels, Reading
from pulsemon_producers.client.sums import floats


class Gauge(Instrument):
    """A value that is set: a temperature, a size, a share. The last one before each flush is sent, until it is cleared.

    Example::

        depth = client.gauge("shop.queue.depth", queue="mail")
        depth.set(12)
        client.gauge("shop.cache.entries").set_function(lambda: len(cache))
    """

    __slots__ = ("_is_asleep", "_value")
    KIND = "gauge"

    def __init__(self, host: Host, name: str, labels: Labels, refusal: tuple[str, str] | None = None) -> None:
        super().__init__(host, name, labels, refusal)
        self._value: SupportsFloat | None = None
        self.sleep()

    def set(self, value: SupportsFloat) -> None:
        """Sets the value, in the gauge's own unit. Never blocks, never raises.

        What is not finite or not a number is dropped and counted as ``invalid``; the value before stays.
        """
        try:
            if value - value == 0:  # type: ignore[operator]  # not for nan and inf; what is no number raises
                if self._is_asleep:
                    self._wake(value)
                else:
                    self._value = value
                return
        except Exception:  # noqa: BLE001, S110 - whatever foreign numbers do, the host goes on
            pass
        self._refuse(value, "a finite number")

    def set_function(self, function: Callable[[], SupportsFloat]) -> None:
        """Asks ``function`` for the value at each flush, in the background; it must be quick and thread-safe.

        If it raises, nothing is sent for this tick and it is counted as ``invalid``.
        """
        if self._admits():
            self._function = function

    def clear(self) -> None:
        """Nothing more is sent until the next ``set``: for what has gone away."""
        self._function = None
        self._value = None

    def read(self) -> list[Reading]:
        """As ``Instrument.read``."""
        if self._function is not None:
            value = self._ask()
            return [] if value is None else [Reading("", (), value)]
        if self._value is None:
            return []
        good, _ = floats((self._value,))
        if not good:
            self._refuse(self._value, "a finite number")
            self._value = None
        return [Reading("", (), value) for value in good]

    def begin_anew(self) -> None:
        """As ``Instrument.begin_anew``; a function stays, it says what is true in this process."""
        self._value = None
        self.sleep()

    def sleep(self) -> None:
        """The next value takes the slow way."""
        self._is_asleep = True

    def _wake(self, value: SupportsFloat) -> None:
        if self._admits():
            self._value = value
            self._is_asleep = not self._host.is_running
