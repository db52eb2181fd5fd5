"""A collector of an installed package: loaded on its own thread, so that it can neither end nor delay the agent."""

import difflib
import importlib.metadata
from collections.abc import Iterable

from pulsemon_producers.collectors.base import ENTRY_POINT_GROUP, Collector, Point, Tick
from pulsemon_producers.collectors.host import Host
from pulsemon_producers.collectors.names import Names
from pulsemon_producers.custom.points import problem_with

LOAD_SECONDS = 10.0


class LoadError(Exception):
    """Why a collector of a package cannot be used."""


class PointError(Exception):
    """What a collector of a package yielded that is no point."""


class PluginCollector(Collector):
    """Stands for the entry point ``name``, which is imported at the first tick and never again.

    What the import or the constructor raises is the error of every run: counted at each tick, logged once. So is what
    it yields and is no point: nothing of that comes near the points of others. Its interval, its deadline, and whether
    one reading is enough are those of the class behind it, once that is known.
    """

    names = Names.CUSTOM

    def __init__(self, host: Host, name: str) -> None:
        super().__init__(host)
        self.name = f"custom.{name}"
        self._entry_point = name
        self._inner: Collector | None = None
        self._failure = ""
        self.deadline_seconds = LOAD_SECONDS

    def collect(self, tick: Tick) -> Iterable[Point]:
        """The points of the collector behind it. Raises LoadError, PointError, and whatever that raises."""
        if self._failure:
            raise LoadError(self._failure)
        for point in self._loaded().collect(tick):
            if problem := problem_with(point):
                raise PointError(problem)
            yield point

    def interrupt(self) -> None:
        """Passed on."""
        if self._inner is not None:
            self._inner.interrupt()

    def close(self) -> None:
        """Passed on."""
        if self._inner is not None:
            self._inner.close()

    def _loaded(self) -> Collector:
        if self._inner is None:
            try:
                self._inner = load(self._entry_point, self.host)
            except LoadError as failure:
                self._failure = str(failure)
                raise
            self.interval_seconds = float(self._inner.interval_seconds)
            self.deadline_seconds = float(self._inner.deadline_seconds)
            self.needs_two_readings = bool(self._inner.needs_two_readings)
        return self._inner


def load(name: str, host: Host) -> Collector:
    """An instance of the class that an installed package offers under this name. Raises LoadError, whatever it does."""
    found = tuple(importlib.metadata.entry_points(group=ENTRY_POINT_GROUP, name=name))
    if not found:
        raise LoadError(_not_installed(name))
    try:
        kind = found[0].load()
        is_collector = isinstance(kind, type) and issubclass(kind, Collector)
        made = kind(host) if is_collector else None
        times = (float(made.interval_seconds), float(made.deadline_seconds)) if isinstance(made, Collector) else ()
    except (Exception, SystemExit) as error:  # code of others: whatever it raises is its failure, not ours
        raise LoadError(
            f"{found[0].value} cannot be loaded ({type(error).__name__}: {error}): mend the package, then start the "
            "agent again"
        ) from error
    if not isinstance(made, Collector):
        raise LoadError(f"{found[0].value} is no subclass of Collector: mend the package, then start the agent again")
    if not all(seconds > 0 for seconds in times):
        raise LoadError(f"{found[0].value} has an interval or a deadline that is not above 0: mend the package")
    return made


def _not_installed(name: str) -> str:
    known = sorted({one.name for one in importlib.metadata.entry_points(group=ENTRY_POINT_GROUP)})
    close = difflib.get_close_matches(name, known, n=1)
    return (
        f"no installed package offers a collector {name!r} in the group {ENTRY_POINT_GROUP}"
        + (f"; did you mean {close[0]}?" if close else "")
        + "; install it beside the agent, then start that again"
    )
