"""What all instruments share: a place among the client's series, and what happens with a value that is of no use."""

from collections.abc import Callable
from typing import ClassVar, Protocol, SupportsFloat

from pulsemon_producers.client.belonging import Belonging
from pulsemon_producers.client.reading import Labels, Reading

ASLEEP = -1
"""A limit below which nothing is: the very first value of an instrument takes the slow way, which starts the client."""


class Host(Protocol):
    """The client, as its instruments see it. Nothing here blocks or raises."""

    is_running: bool
    """Whether the thread that sends has been started."""

    def wake(self) -> bool:
        """Starts what sends, if nobody has. False if it was closed."""
        ...

    def drop(self, reason: str, count: int, what: str) -> None:
        """Counts values that are gone; ``what`` is logged once."""
        ...


class Instrument(Belonging):
    """One series, or a few that belong together. Made by the client, which gives the same one for the same labels.

    ``refusal`` is a reason and a sentence for an instrument that keeps nothing: whoever asked for it can use it like
    any other, and its values are counted as dropped.
    """

    __slots__ = ("_function", "_host", "_refusal", "labels", "name")

    KIND: ClassVar[str] = ""
    """Its name in messages."""
    SUFFIXES: ClassVar[tuple[str, ...]] = ("",)
    """What its metrics are called, after its own name."""

    def __init__(self, host: Host, name: str, labels: Labels, refusal: tuple[str, str] | None = None) -> None:
        self.name = name
        self.labels = labels
        self._host = host
        self._refusal = refusal
        self._function: Callable[[], SupportsFloat] | None = None

    def __repr__(self) -> str:
        return f"<{self.KIND} {self.name}{dict(self.labels) or ''}>"

    @property
    def is_kept(self) -> bool:
        """Whether its values are sent."""
        return self._refusal is None

    def sleep(self) -> None:
        """The next value takes the slow way."""
        raise NotImplementedError

    def read(self) -> list[Reading]:
        """What it says at a tick. Called by one thread only."""
        raise NotImplementedError

    def begin_anew(self) -> None:
        """Forgets all values, and sleeps until the next one. In a forked child nobody else is running yet."""
        raise NotImplementedError

    def _admits(self) -> bool:
        """Whether values may be kept: the slow way, until the client is awake. If not, the value is counted."""
        if self._refusal is not None:
            self._host.drop(self._refusal[0], 1, self._refusal[1])
            return False
        if not self._host.wake():
            self._host.drop("closed", 1, f"{self.name} got a value after the client was closed")
            return False
        return True

    def _refuse(self, value: object, wanted: str) -> None:
        """Counts a value that is of no use."""
        self._host.drop("invalid", 1, f"{self.name} got {shown(value)}, which is not {wanted}")

    def _ask(self) -> float | None:
        """What the function says; None if there is none, or if it fails."""
        function = self._function
        if function is None:
            return None
        try:
            value = float(function())
            if value - value == 0.0:
                return value
            problem = f"{value}"
        except Exception as error:  # noqa: BLE001 - it is the host's own function: its failure must stay here
            problem = shown(error)
        self._host.drop("invalid", 1, f"the function of {self.name} gave {problem}")
        return None


def shown(value: object) -> str:
    """A short text of anything, whatever its own ``repr`` does."""
    try:
        return f"{type(value).__name__} {str(value)[:60]!r}"
    except Exception:  # noqa: BLE001 - it is somebody else's method
        return type(value).__name__
