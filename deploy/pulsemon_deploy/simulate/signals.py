"""Every series of a simulated server: its value at any time is a pure function of (seed, server, time)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pulsemon_schemas.catalogue import metric

from pulsemon_deploy.simulate.curves import BOOT_PERIOD_SECONDS, Curves, boot_before, curves
from pulsemon_deploy.simulate.fleet import Server
from pulsemon_deploy.simulate.incidents import Incident, Kind, incidents_of
from pulsemon_deploy.simulate.memory import memory, swap
from pulsemon_deploy.simulate.moment import Moment, Series, series
from pulsemon_deploy.simulate.network import network
from pulsemon_deploy.simulate.noise import Seconds
from pulsemon_deploy.simulate.processor import load, processor
from pulsemon_deploy.simulate.storage import disks, file_systems

# A host that boots is away for so long.
BOOT_SECONDS = 120


def uptime(moment: Moment) -> Series:
    """How long the host is up."""
    yield series("system.uptime", moment.uptime_seconds)


_GROUPS: tuple[Callable[[Moment], Series], ...] = (processor, load, memory, swap, file_systems, disks, network, uptime)


@dataclass(frozen=True, slots=True)
class Table:
    """All series of one server at some times, sorted by (name, labels), no pair twice. values: [series, time]."""

    names: tuple[str, ...]
    labels: tuple[str, ...]
    values: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Life:
    begins: int
    curves: Curves


class Signals:
    """One server between two times (seconds). Making one costs milliseconds; asking it does not."""

    def __init__(self, seed: int, server: Server, start: int, end: int) -> None:
        self._seed = seed
        self.server = server
        self.start = start
        self.end = end
        self._lives = tuple(_lives(seed, server, start, end))
        self._silences = tuple(one for one in incidents_of(seed, server, start, end) if one.kind is Kind.SILENT)

    def table(self, times: Seconds) -> Table:
        """Every series at ascending times between ``start`` and ``end``."""
        parts = [self._part(life, number, times) for number, life in enumerate(self._lives)]
        parts = [part for part in parts if part.values.shape[1]]
        return Table(parts[0].names, parts[0].labels, np.concatenate([part.values for part in parts], axis=1))

    def is_sending(self, times: Seconds) -> NDArray[np.bool_]:
        """Whether the server's agent reaches us: not while it is silent, nor while it boots."""
        sending = np.ones(len(times), dtype=np.bool_)
        for life in self._lives:
            booted_at = life.curves.booted_at
            sending &= (times < booted_at) | (times >= booted_at + BOOT_SECONDS)
        for one in self._silences:
            sending &= (times < one.started_at) | (times >= one.ended_at)
        return sending

    def _part(self, life: _Life, number: int, times: Seconds) -> Table:
        ends = self._lives[number + 1].begins if number + 1 < len(self._lives) else self.end + 1
        within = times[(times >= life.begins) & (times < ends)]
        moment = Moment(self._seed, self.server, life.curves, within)
        rows = sorted((row for group in _GROUPS for row in group(moment)), key=lambda row: row[:2])
        values = np.stack([row[2] for row in rows])
        return Table(tuple(row[0] for row in rows), tuple(row[1] for row in rows), values)


def intervals_seconds(names: tuple[str, ...]) -> Seconds:
    """How often each of these is taken, from the catalogue."""
    return np.array([metric(name).interval_seconds for name in names], dtype=np.int64)


def silences(struck: tuple[Incident, ...]) -> tuple[Incident, ...]:
    """The incidents in which a server sends nothing."""
    return tuple(one for one in struck if one.kind is Kind.SILENT)


def _lives(seed: int, server: Server, start: int, end: int) -> Iterator[_Life]:
    booted_at = boot_before(seed, server, start)
    begins = start
    while begins <= end:
        ends = booted_at + BOOT_PERIOD_SECONDS
        yield _Life(begins, curves(seed, server, booted_at, begins, min(end, ends)))
        begins = booted_at = ends
