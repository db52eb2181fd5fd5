"""Services of systemd: those that failed or keep starting anew, and those that are watched."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from pulsemon_producers.collectors.base import Collector, Point, Tick, counter, gauge
from pulsemon_producers.collectors.host import Host

BOOTED = "run/systemd/system"
"""The folder is there if and only if systemd runs the host."""
STATES = ("active", "failed", "activating")
LIST = (
    "/usr/bin/systemctl",
    "list-units",
    "--type=service",
    "--state=failed,activating",
    "--plain",
    "--no-legend",
    "--no-pager",
    "--full",
)
SHOW = ("/usr/bin/systemctl", "show", "--property=Id,Names,ActiveState,NRestarts")
SUFFIX = ".service"
MAX_REMEMBERED = 100
"""Services in trouble that are kept in view; on a host with more, what is wrong is not a service."""


class ServiceCollector(Collector):
    """Asks the service manager for what is in trouble, and for details of that alone: on a sound host one question.

    A service that was in trouble once stays in view, so that its recovery is told too. One that is watched is told of
    under the name that was asked for, which may be an alias: as ``mysql``, if the service is mariadb's.
    """

    name = "service"
    interval_seconds = 30.0

    def __init__(self, host: Host, watch: Sequence[str] = ()) -> None:
        super().__init__(host)
        self._watch = tuple(_full_name(name) for name in watch)
        self._seen: dict[str, None] = {}
        self._restarts: dict[str, tuple[int, int]] = {}

    def collect(self, tick: Tick) -> Iterator[Point]:  # noqa: ARG002 - part of the interface
        """Nothing on a host without systemd; if services are to be watched there, OSError says that nobody can."""
        if not self.host.has_folder(BOOTED):
            if self._watch:
                raise OSError(
                    f"systemd does not run here, so nobody can tell of {', '.join(self._watch)} (watch_units)"
                )
            return
        for unit in _in_trouble(self.host.run(LIST)):
            if len(self._seen) < MAX_REMEMBERED:
                self._seen[unit] = None
        units = tuple(dict.fromkeys((*self._watch, *self._seen)))
        if units:
            for unit, shown in self._named(_blocks(self.host.run((*SHOW, "--", *units)))).items():
                yield from self._points(unit, shown)

    def _named(self, blocks: Iterable[Mapping[str, str]]) -> dict[str, Mapping[str, str]]:
        """What is shown by the names that it is told under: those that are watched, else the service's own."""
        found: dict[str, Mapping[str, str]] = {}
        for shown in blocks:
            names = {shown["Id"], *shown.get("Names", "").split()}
            for unit in [unit for unit in self._watch if unit in names] or [shown["Id"]]:
                found.setdefault(unit, shown)
        return found

    def _points(self, unit: str, shown: Mapping[str, str]) -> Iterator[Point]:
        labels = {"service.name": unit.removesuffix(SUFFIX)}
        states = STATES if unit in self._watch else ("failed",)
        for state in states:
            yield gauge("service.state", shown.get("ActiveState") == state, {**labels, "state": state})
        if shown.get("NRestarts", "").isdigit():
            yield counter("service.restarts", self._total(unit, int(shown["NRestarts"])), labels)

    def _total(self, unit: str, now: int) -> int:
        """systemd counts from 0 again when somebody starts the service by hand: here that goes on adding up."""
        before, gone = self._restarts.get(unit, (now, 0))
        gone += before if now < before else 0
        self._restarts[unit] = now, gone
        return gone + now


def _in_trouble(listed: str) -> Iterator[str]:
    """Services that failed, or wait to be started again; one that just starts for the first time is well."""
    for line in listed.splitlines():
        columns = line.split(maxsplit=4)
        if len(columns) >= 4 and columns[0].endswith(SUFFIX):
            unit, _, active, sub = columns[:4]
            if active == "failed" or sub.startswith("auto-restart"):
                yield unit


def _full_name(name: str) -> str:
    return name if name.endswith(SUFFIX) else f"{name}{SUFFIX}"


def _blocks(shown: str) -> Iterator[dict[str, str]]:
    """What ``systemctl show`` prints of several units: a block of ``NAME=VALUE`` each."""
    for block in shown.split("\n\n"):
        pairs = dict(line.split("=", 1) for line in block.splitlines() if "=" in line)
        if "Id" in pairs:
            yield pairs
