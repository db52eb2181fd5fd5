"""What goes wrong in the simulated fleet, and when: a timetable without an end, the same for the same seed.

A lane repeats one kind of trouble: its time is cut into slots, and in each slot it strikes one server of its own, so
that two lanes of a block never meet, or all servers of one region or one role. Lanes that last ALWAYS fill nearly their
whole slot: whenever somebody looks, something is going on.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Literal

from pulsemon_deploy.simulate.fleet import BLOCK, REGIONS, Server, role_name
from pulsemon_deploy.simulate.noise import between, fraction, key

HOUR = 3600
ALWAYS = (0.93, 0.985)


class Kind(StrEnum):
    """What can go wrong."""

    CPU_SATURATION = "cpu_saturation"
    CPU_HIGH = "cpu_high"
    CPU_BURST = "cpu_burst"
    MEMORY_LEAK = "memory_leak"
    DISK_FILLING = "disk_filling"
    DISK_LATENCY = "disk_latency"
    NETWORK_ERRORS = "network_errors"
    SILENT = "silent"
    DEPLOY_REGRESSION = "deploy_regression"
    REGION_SLOWDOWN = "region_slowdown"


@dataclass(frozen=True, slots=True)
class Lane:
    """One repeating trouble. ``length``: share of the slot that it lasts.

    ``servers`` of a block may be struck, of these roles, best first; or all of a role, or of a region.
    """

    kind: Kind
    slot_hours: float
    length: tuple[float, float]
    roles: tuple[str, ...] = ()
    servers: int = 0
    scope: Literal["server", "role", "region"] = "server"

    @property
    def slot_seconds(self) -> int:
        """The slot in whole seconds."""
        return round(self.slot_hours * HOUR)


# Their order gives each lane its candidates: an earlier lane chooses first.
LANES: tuple[Lane, ...] = (
    Lane(Kind.DISK_FILLING, 57, ALWAYS, ("db",), 3),
    Lane(Kind.DISK_FILLING, 57, ALWAYS, ("worker",), 4),
    Lane(Kind.MEMORY_LEAK, 31, ALWAYS, ("api",), 4),
    Lane(Kind.SILENT, 3.5, ALWAYS, ("cache",), 5),
    Lane(Kind.CPU_SATURATION, 6.5, ALWAYS, ("web",), 7),
    Lane(Kind.CPU_HIGH, 9, ALWAYS, ("api",), 4),
    Lane(Kind.DISK_LATENCY, 5.5, ALWAYS, ("db", "queue"), 6),
    Lane(Kind.NETWORK_ERRORS, 4.5, (0.4, 0.7), ("edge",), 3),
    Lane(Kind.CPU_BURST, 5, (0.06, 0.2), ("worker",), 4),
    Lane(Kind.CPU_BURST, 7, (0.04, 0.12), ("web",), 3),
    Lane(Kind.SILENT, 20, (0.01, 0.03), ("web", "api"), 7),
    Lane(Kind.DEPLOY_REGRESSION, 29, (0.04, 0.09), ("api", "web", "worker"), scope="role"),
    Lane(Kind.REGION_SLOWDOWN, 37, (0.015, 0.03), scope="region"),
)


@dataclass(frozen=True, slots=True)
class Incident:
    """One trouble of one server, from ``started_at`` up to ``ended_at`` (seconds). ``strength`` is 0 to 1."""

    kind: Kind
    started_at: int
    ended_at: int
    strength: float

    def is_on(self, seconds: int) -> bool:
        """True while it lasts."""
        return self.started_at <= seconds < self.ended_at


def incidents_of(seed: int, server: Server, start: int, end: int) -> tuple[Incident, ...]:
    """Everything that strikes the server between two times (seconds), by its start."""
    found = (
        incident
        for number, lane in enumerate(LANES)
        if _may_strike(server, number)
        for slot in range(_first_slot(seed, server, number, start), _first_slot(seed, server, number, end) + 1)
        if _strikes(seed, server, number, slot)
        and (incident := _incident(seed, server, number, lane, slot)).ended_at > start
        and incident.started_at < end
    )
    return tuple(sorted(found, key=lambda one: (one.started_at, one.kind)))


def going_on(seed: int, fleet: Sequence[Server], seconds: int) -> Iterator[tuple[Server, Incident]]:
    """What is wrong in the fleet at one moment."""
    for server in fleet:
        for incident in incidents_of(seed, server, seconds, seconds + 1):
            yield server, incident


def _lane_key(seed: int, server: Server, number: int) -> tuple[int, str, int, int]:
    # a region or a role is struck as a whole: its lane is the same in all blocks
    return seed, "lane", number, server.block if LANES[number].scope == "server" else -1


def _offset(seed: int, server: Server, number: int) -> int:
    """Two lanes of one kind are half a slot apart; all else is chance."""
    lane = LANES[number]
    earlier = [other for other in LANES[:number] if (other.kind, other.slot_hours) == (lane.kind, lane.slot_hours)]
    base = key(*_lane_key(seed, server, number - len(earlier))) % lane.slot_seconds
    return base + len(earlier) * lane.slot_seconds // 2


def _first_slot(seed: int, server: Server, number: int, seconds: int) -> int:
    return (seconds - _offset(seed, server, number)) // LANES[number].slot_seconds


def _strikes(seed: int, server: Server, number: int, slot: int) -> bool:
    lane, chance = LANES[number], key(*_lane_key(seed, server, number), "who", slot)
    if lane.scope == "region":
        return server.region == REGIONS[chance % len(REGIONS)]
    if lane.scope == "role":
        return server.role.name == lane.roles[chance % len(lane.roles)]
    candidates = _candidates()[number]
    return server.index % BLOCK == candidates[chance % len(candidates)]


def _may_strike(server: Server, number: int) -> bool:
    lane = LANES[number]
    if lane.scope == "server":
        return server.index % BLOCK in _candidates()[number]
    return lane.scope == "region" or (server.role.name in lane.roles and server.environment == "prod")


def _incident(seed: int, server: Server, number: int, lane: Lane, slot: int) -> Incident:
    name = (*_lane_key(seed, server, number), slot)
    length = round(between(*lane.length, *name, "length") * lane.slot_seconds)
    begin = _offset(seed, server, number) + slot * lane.slot_seconds
    started_at = begin + round(fraction(*name, "start") * (lane.slot_seconds - length))
    return Incident(lane.kind, started_at, started_at + length, fraction(*name, "strength"))


@cache
def _candidates() -> Mapping[int, tuple[int, ...]]:
    """Places in a block that each lane may strike: of its roles, and of no other lane."""
    taken: set[int] = set()
    places: dict[int, tuple[int, ...]] = {}
    for number, lane in enumerate(LANES):
        if lane.scope != "server":
            continue
        fitting = [
            place for role in lane.roles for place in range(BLOCK) if role_name(place) == role and place not in taken
        ]
        places[number] = tuple(fitting[: lane.servers])
        taken.update(places[number])
    assert all(len(places[number]) == LANES[number].servers for number in places)
    return places
