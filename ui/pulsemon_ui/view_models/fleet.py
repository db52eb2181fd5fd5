"""The fleet as a whole: every server with its status and newest values, filtered, grouped, counted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from pulsemon_sinks.reader.servers import Reading, Server

from pulsemon_ui.view_models.metrics import FLEET
from pulsemon_ui.view_models.status import Status, Verdict, judge
from pulsemon_ui.view_models.wording import duration_text, value_text

UNASSIGNED = "unassigned"
GROUPINGS = ("role", "environment", "region")


@dataclass(frozen=True, slots=True)
class Host:
    """A server, the verdict on it, and its newest reading of each fleet measure (missing keys: none)."""

    server: Server
    verdict: Verdict
    readings: Mapping[str, Reading]

    @property
    def server_id(self) -> str:
        """The id of the server."""
        return self.server.server_id

    def place(self, grouping: str) -> str:
        """Its role, environment or region."""
        return str(getattr(self.server, grouping)) or UNASSIGNED


@dataclass(frozen=True, slots=True)
class Fleet:
    """All hosts at one moment. ``as_of_ms``: the newest time any data speak of; ``now_ms``: when it was looked at."""

    hosts: tuple[Host, ...]
    as_of_ms: int | None
    now_ms: int

    def counts(self) -> dict[Status, int]:
        """How many hosts have each status."""
        return {status: sum(host.verdict.status is status for host in self.hosts) for status in Status}

    def places(self, grouping: str) -> list[str]:
        """Every role, environment or region there is, by name."""
        return sorted({host.place(grouping) for host in self.hosts})

    def only(self, places: Mapping[str, str]) -> "Fleet":
        """The hosts in all these places, as ``{"role": "db"}``; the time of the data stays that of the whole fleet."""
        kept = tuple(host for host in self.hosts if all(host.place(key) == value for key, value in places.items()))
        return Fleet(kept, self.as_of_ms, self.now_ms)


def make_fleet(
    servers: Sequence[Server], readings: Mapping[str, Sequence[Reading | None]], as_of_ms: int | None, now_ms: int
) -> Fleet:
    """The fleet from the answers of the store; ``readings`` are in the order of ``FLEET``."""
    hosts = []
    for server in servers:
        values = zip(FLEET, readings.get(server.server_id, ()), strict=False)
        known = {key: reading for key, reading in values if reading is not None}
        hosts.append(Host(server, judge(server.last_seen_ms, as_of_ms, now_ms), known))
    return Fleet(tuple(hosts), as_of_ms, now_ms)


@dataclass(frozen=True, slots=True)
class Tile:
    """One server in the grid. ``heat`` (0 to 1) and ``text`` are set when tiles are coloured by a value."""

    server_id: str
    name: str
    status: str
    text: str
    heat: float | None
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """A row of tiles under one name, with a short count below it."""

    name: str
    count: str
    tiles: tuple[Tile, ...]


def groups(fleet: Fleet, grouping: str, colour: str, statuses: frozenset[Status]) -> tuple[Group, ...]:
    """The grid: hosts with one of the statuses (all if empty); trouble first among groups and in each."""
    shown = [host for host in fleet.hosts if not statuses or host.verdict.status in statuses]
    shown.sort(key=lambda host: host.place(grouping))
    made = [_group(name, list(hosts), colour) for name, hosts in groupby(shown, lambda host: host.place(grouping))]
    return tuple(sorted(made, key=lambda group: (" of " not in group.count, group.name)))


def _group(name: str, hosts: list[Host], colour: str) -> Group:
    silent = sum(host.verdict.status in (Status.SILENT, Status.LATE) for host in hosts)
    hosts.sort(key=lambda host: _weight(host, colour))
    return Group(
        name, f"{silent} of {len(hosts)}" if silent else str(len(hosts)), tuple(_tile(host, colour) for host in hosts)
    )


def _weight(host: Host, colour: str) -> tuple[float, str]:
    """Sorts the worst to the front: by status, or silent servers and then the highest of the value that colours."""
    reading = None if host.verdict.status is Status.SILENT else host.readings.get(colour)
    if colour == "status":
        return host.verdict.status.value.rank, host.server.name
    return -(reading.value if reading else 9.0 if host.verdict.status is Status.SILENT else -1.0), host.server.name


def _tile(host: Host, colour: str) -> Tile:
    look = host.verdict.status.value
    reading = host.readings.get(colour)
    heat = None if reading is None or host.verdict.status is Status.SILENT else min(1.0, max(0.0, reading.value))
    text = f"{heat * 100:.0f}" if heat is not None else "" if look.key == "ok" else look.glyph
    return Tile(host.server_id, host.server.name, look.key, text, heat, _lines(host))


def _lines(host: Host) -> tuple[str, ...]:
    places = " · ".join(place for place in (host.server.environment, host.server.region, host.server.role) if place)
    values = "  ".join(
        f"{title} {value_text(host.readings[key].value, '1')}"
        for key, title in (("cpu", "CPU"), ("memory", "Memory"), ("disk", "Disk"))
        if key in host.readings
    )
    return tuple(line for line in (status_text(host.verdict), places, values) if line)


def status_text(verdict: Verdict) -> str:
    """The status in words, with since when."""
    if verdict.status is Status.NEW:
        return "New, nothing has arrived yet"
    if verdict.status is Status.OK:
        return "OK"
    return f"{verdict.status.value.title} for {duration_text(verdict.silent_seconds or 0)}"
