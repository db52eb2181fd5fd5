"""What the process of a service takes: CPU, memory, threads, descriptors, garbage collections, and how long it runs."""

import gc
import os
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from pulsemon_producers.client.client import Client
from pulsemon_producers.client.core import Measured

if TYPE_CHECKING:
    import psutil

GENERATION = "cpython.gc.generation"


class ProcessMetrics:
    """A source for ``Client.add_source``: tells of the process in which it is asked, at each flush, in the background.

    ``process.cpu.time`` (seconds, by ``cpu.mode`` user and system), ``process.memory.usage`` and
    ``process.memory.virtual`` (bytes), ``process.thread.count``, ``process.unix.file_descriptor.count``,
    ``process.uptime`` (seconds); and of Python's garbage collector, by ``cpython.gc.generation``,
    ``cpython.gc.collections``, ``cpython.gc.collected_objects`` and ``cpython.gc.uncollectable_objects``, totals since
    the process began. What the system does not tell is left out. psutil is imported at the first question.

    >>> measured = {one.name: one.value for one in ProcessMetrics()()}
    >>> measured["process.memory.usage"] > 1_000_000
    True
    """

    def __init__(self) -> None:
        self._process: psutil.Process | None = None
        self._pid = 0

    def __call__(self) -> list[Measured]:
        """All that can be told now."""
        process = self._present()
        return [one for question in QUESTIONS for one in _answer(question, process)] + _garbage()

    def _present(self) -> "psutil.Process":
        """This process, after a fork the child."""
        import psutil

        if self._process is None or self._pid != os.getpid():
            self._pid = os.getpid()
            self._process = psutil.Process()
        return self._process


def watch_process(client: Client) -> None:
    """Sends with every flush what the process of the client takes; ``ProcessMetrics`` lists it. Call it once a client.

    >>> from pulsemon.testing import MemoryClient
    >>> client = MemoryClient()
    >>> watch_process(client)
    >>> client.value("process.thread.count") >= 1
    True
    """
    client.add_source(ProcessMetrics())


def _cpu(process: "psutil.Process") -> Iterable[Measured]:
    times = process.cpu_times()
    yield Measured("process.cpu.time", times.user, {"cpu.mode": "user"})
    yield Measured("process.cpu.time", times.system, {"cpu.mode": "system"})


def _memory(process: "psutil.Process") -> Iterable[Measured]:
    memory = process.memory_info()
    yield Measured("process.memory.usage", memory.rss)
    yield Measured("process.memory.virtual", memory.vms)


def _threads(process: "psutil.Process") -> Iterable[Measured]:
    yield Measured("process.thread.count", process.num_threads())


def _files(process: "psutil.Process") -> Iterable[Measured]:
    yield Measured("process.unix.file_descriptor.count", process.num_fds())


def _age(process: "psutil.Process") -> Iterable[Measured]:
    yield Measured("process.uptime", max(0.0, time.time() - process.create_time()))


QUESTIONS: tuple[Callable[["psutil.Process"], Iterable[Measured]], ...] = (_cpu, _memory, _threads, _files, _age)


def _answer(question: Callable[["psutil.Process"], Iterable[Measured]], process: "psutil.Process") -> list[Measured]:
    """What the system tells; one thing that it keeps to itself takes nothing from the others."""
    import psutil

    try:
        return list(question(process))
    except (psutil.Error, OSError, AttributeError):  # a platform may not have the question at all
        return []


def _garbage() -> list[Measured]:
    return [
        Measured(f"cpython.gc.{name}", float(stats[key]), {GENERATION: str(generation)})
        for generation, stats in enumerate(gc.get_stats())
        for name, key in (
            ("collections", "collections"),
            ("collected_objects", "collected"),
            ("uncollectable_objects", "uncollectable"),
        )
    ]
