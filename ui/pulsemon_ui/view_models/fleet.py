"""The fleet as a whole: every server with its status and newest values, filtered, grouped, counted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from pulsemon_schemas.rules.environments import environment_of
from pulsemon_sinks.reader.alerts import ServerStatus, Transition
from pulsemon_sinks.reader.servers import Reading, Server

from pulsemon_ui.view_models.alerts import alert_line
from pulsemon_ui.view_models.metrics import FLEET
from pulsemon_ui.view_models.status import TROUBLED, Status, Verdict, decide, is_judging, judge
from pulsemon_ui.view_models.wording import duration_text, value_text

UNASSIGNED = "unassigned"
GROUPINGS = ("role", "environment", "region")
TIP_ALERTS = 3


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the processor said: a state by server id, the open alerts, worst first, and the time of its newest Tick."""

    states: Mapping[str, ServerStatus]
    alerts: Sequence[Transition]
    judged_ms: int | None


UNJUDGED = Judgement({}, (), None)


@dataclass(frozen=True, slots=True)
class Host:
    """A server, the verdict on it, its newest reading of each fleet measure (missing keys: none), its open alerts."""

    server: Server
    verdict: Verdict
    readings: Mapping[str, Reading]
    alerts: tuple[Transition, ...] = ()

    @property
    def server_id(self) -> str:
        """The id of the server."""
        return self.server.server_id

    def place(self, grouping: str) -> str:
        """Its role, environment or region."""
        return str(getattr(self.server, grouping)) or UNASSIGNED


@dataclass(frozen=True, slots=True)
class Fleet:
    """All hosts at one moment. ``as_of_ms``: the newest time any data speak of; ``now_ms``: when it was looked at.

    ``judged_ms``: until when a processor judged the rules, None if none did lately. ``wide``: open alerts about whole
    environments.
    """

    hosts: tuple[Host, ...]
    as_of_ms: int | None
    now_ms: int
    judged_ms: int | None = None
    wide: tuple[Transition, ...] = ()

    @property
    def is_judged(self) -> bool:
        """True while a processor judges the rules."""
        return is_judging(self.judged_ms, self.as_of_ms, self.now_ms)

    def troubled(self) -> tuple[Host, ...]:
        """The hosts that somebody has to look at."""
        return tuple(host for host in self.hosts if host.verdict.status in TROUBLED)

    def counts(self) -> dict[Status, int]:
        """How many hosts have each status."""
        return {status: sum(host.verdict.status is status for host in self.hosts) for status in Status}

    def places(self, grouping: str) -> list[str]:
        """Every role, environment or region there is, by name."""
        return sorted({host.place(grouping) for host in self.hosts})

    def only(self, places: Mapping[str, str]) -> "Fleet":
        """The hosts in all these places, as ``{"role": "db"}``; the time of the data stays that of the whole fleet."""
        kept = tuple(host for host in self.hosts if all(host.place(key) == value for key, value in places.items()))
        wide = tuple(alert for alert in self.wide if places.get("environment", place_of(alert)) == place_of(alert))
        return Fleet(kept, self.as_of_ms, self.now_ms, self.judged_ms, wide)


def make_fleet(
    servers: Sequence[Server],
    readings: Mapping[str, Sequence[Reading | None]],
    as_of_ms: int | None,
    now_ms: int,
    said: Judgement = UNJUDGED,
) -> Fleet:
    """The fleet from the answers of the store; ``readings`` are in the order of ``FLEET``."""
    judging = is_judging(said.judged_ms, as_of_ms, now_ms)
    alerts: dict[str, list[Transition]] = {}
    for alert in said.alerts:
        alerts.setdefault(alert.server_id, []).append(alert)
    hosts = []
    for server in servers:
        values = zip(FLEET, readings.get(server.server_id, ()), strict=False)
        known = {key: reading for key, reading in values if reading is not None}
        by_age = judge(server.last_seen_ms, as_of_ms, now_ms)
        verdict = decide(by_age, said.states.get(server.server_id), is_judging=judging, now_ms=now_ms)
        hosts.append(Host(server, verdict, known, tuple(alerts.get(server.server_id, ()))))
    wide = tuple(alert for alert in said.alerts if environment_of(alert.server_id) is not None)
    return Fleet(tuple(hosts), as_of_ms, now_ms, said.judged_ms, wide)


def place_of(alert: Transition) -> str:
    """The environment that an alert is about as a whole, as ``Host.place`` calls it."""
    return environment_of(alert.server_id) or UNASSIGNED


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
    gathered = [(name, list(hosts)) for name, hosts in groupby(shown, lambda host: host.place(grouping))]
    gathered.sort(key=lambda one: (_worst(one[1]), one[0]))
    return tuple(_group(name, hosts, colour) for name, hosts in gathered)


def _worst(hosts: Sequence[Host]) -> int:
    """The rank of the worst trouble among them; all that is no trouble is one."""
    calm = Status.OK.value.rank
    return min(host.verdict.status.value.rank if _is_trouble(host) else calm for host in hosts)


def _is_trouble(host: Host) -> bool:
    return host.verdict.status in TROUBLED or host.verdict.status is Status.LATE


def _group(name: str, hosts: list[Host], colour: str) -> Group:
    troubled = sum(_is_trouble(host) for host in hosts)
    hosts.sort(key=lambda host: _weight(host, colour))
    return Group(
        name,
        f"{troubled} of {len(hosts)}" if troubled else str(len(hosts)),
        tuple(_tile(host, colour) for host in hosts),
    )


def _weight(host: Host, colour: str) -> tuple[float, str]:
    """Sorts the worst to the front: by status, or silent servers and then the highest of the value that colours."""
    reading = None if host.verdict.is_silent else host.readings.get(colour)
    if colour == "status":
        return host.verdict.status.value.rank, host.server.name
    return -(reading.value if reading else 9.0 if host.verdict.is_silent else -1.0), host.server.name


def _tile(host: Host, colour: str) -> Tile:
    look = host.verdict.status.value
    reading = host.readings.get(colour)
    heat = None if reading is None or host.verdict.is_silent else min(1.0, max(0.0, reading.value))
    text = f"{heat * 100:.0f}" if heat is not None else "" if look.key == "ok" else look.glyph
    return Tile(host.server_id, host.server.name, look.key, text, heat, _lines(host))


def _lines(host: Host) -> tuple[str, ...]:
    places = " · ".join(place for place in (host.server.environment, host.server.region, host.server.role) if place)
    values = "  ".join(
        f"{title} {value_text(host.readings[key].value, '1')}"
        for key, title in (("cpu", "CPU"), ("memory", "Memory"), ("disk", "Disk"))
        if key in host.readings
    )
    alerts = (alert_line(alert) for alert in host.alerts[:TIP_ALERTS])
    return tuple(line for line in (status_text(host.verdict), *alerts, places, values) if line)


def status_text(verdict: Verdict) -> str:
    """The status in words, with since when."""
    title = verdict.status.value.title
    if verdict.status is Status.NEW:
        return "New, nothing has arrived yet" if verdict.silent_seconds is None else "New, not registered yet"
    if verdict.status is Status.OK:
        return title
    is_silence = verdict.status in {Status.SILENT, Status.LATE}
    seconds = verdict.silent_seconds if is_silence else verdict.lasted_seconds
    return f"{title} for {duration_text(seconds or 0)}"
