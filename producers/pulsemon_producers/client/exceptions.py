"""Counts what goes wrong."""

from collections.abc import Callable
from time import time
from types import TracebackType
from typing import Any, Protocol, Self, TypeVar

from pulsemon_producers.client import names
from pulsemon_producers.client.belonging import Belonging
from pulsemon_producers.client.counter import Counter
from pulsemon_producers.client.gauge import Gauge
from pulsemon_producers.client.instrument import Host, shown
from pulsemon_producers.client.wrapping import wrapped

LAST_SUFFIX = ".last"
EXCEPTION_LABEL = "exception"

Function = TypeVar("Function", bound=Callable[..., Any])


class Instruments(Protocol):
    """Where instruments come from."""

    def counter(self, name: str, /, **labels: object) -> Counter:
        """The counter of a name and labels."""
        ...

    def gauge(self, name: str, /, **labels: object) -> Gauge:
        """The gauge of a name and labels."""
        ...


class Exceptions(Belonging):
    """Counts the exceptions that leave a block or a function, by their class, and when the last one did.

    Sent are the counter ``NAME{exception=ValueError}`` and the gauge ``NAME.last``, in seconds since 1970. Nothing is
    swallowed. What ends tasks, generators and programs (everything that is no ``Exception``) is not counted. Example::

        with client.exceptions("shop.import.errors", source="ftp"):
            load()

        @client.exceptions("shop.mail.errors")
        async def send(mail): ...
    """

    __slots__ = ("_host", "_labels", "_name", "_of")

    def __init__(self, of: Instruments, host: Host, name: str, labels: dict[str, object]) -> None:
        self._of = of
        self._host = host
        self._name = name
        self._labels = labels

    def count(self, error: BaseException) -> None:
        """Counts an exception that was caught. Never blocks, never raises.

        What is no exception, as a text or a class, is dropped and counted as ``invalid``. Example::

        except OSError as error:
            client.exceptions("shop.disk.errors").count(error)
        """
        try:
            self._count(error)
        except Exception as fault:  # noqa: BLE001 - whatever names and classes do, the host's own exception goes on
            self._host.drop("invalid", 1, f"an exception was not counted ({type(fault).__name__})")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is not None:
            self.count(error)

    def __call__(self, function: Function) -> Function:
        """The function, whose exceptions are counted and raised as before."""
        return wrapped(function, lambda: self)

    def __repr__(self) -> str:
        return f"<exceptions {self._name if type(self._name) is str else type(self._name).__name__}>"

    def _count(self, error: object) -> None:
        # not by isinstance, which asks the object itself
        kind = type(error)
        if not issubclass(kind, BaseException):
            self._host.drop("invalid", 1, f"{self!r} got {shown(error)}, which is no exception that was caught")
        elif issubclass(kind, Exception):
            self._of.counter(self._name, **{**self._labels, EXCEPTION_LABEL: kind.__name__}).add()
            if not names.problem_with(self._name):
                self._of.gauge(f"{self._name}{LAST_SUFFIX}", **self._labels).set(time())
