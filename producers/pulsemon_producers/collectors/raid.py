"""Software RAID: the disks of each array, from ``/proc/mdstat``."""

import re
from collections.abc import Iterator

from pulsemon_producers.collectors.base import Collector, Point, Tick, updown

ARRAY = re.compile(r"(?P<device>md\S*) : (?P<rest>.*)")
MEMBER = re.compile(r"\S+\[\d+\](?P<flags>(?:\(\w\))*)")
HEALTH = re.compile(r"\[(?P<required>\d+)/(?P<active>\d+)\]")


class RaidCollector(Collector):
    """Nothing on a host without arrays."""

    name = "raid"
    interval_seconds = 60.0

    def collect(self, tick: Tick) -> Iterator[Point]:  # noqa: ARG002 - part of the interface
        """Disks by state, and how many the array was made of."""
        for device, members, required, active in arrays(self.host.proc_if_any("mdstat") or ""):
            at = {"device": device}
            states = {"active": active, "failed": members.count("(F)"), "spare": members.count("(S)")}
            for state, count in states.items():
                yield updown("system.raid.disks", count, {**at, "state": state})
            yield updown("system.raid.disks.required", required, at)


def arrays(mdstat: str) -> Iterator[tuple[str, list[str], int, int]]:
    """Each array: its device, its members' flags, how many disks it needs and how many of them work.

    Arrays without redundancy do not tell their health: all members that did not fail work.
    """
    device, members = "", list[str]()
    for line in [*mdstat.splitlines(), ""]:
        begun = ARRAY.match(line)
        if begun is not None:
            if device:
                yield _without_health(device, members)
            device, members = begun["device"], [member["flags"] for member in MEMBER.finditer(begun["rest"])]
            continue
        health = HEALTH.search(line)
        if device and health is not None:
            yield device, members, int(health["required"]), int(health["active"])
            device = ""
        elif device and not line.strip():
            yield _without_health(device, members)
            device = ""


def _without_health(device: str, members: list[str]) -> tuple[str, list[str], int, int]:
    spares, failed = members.count("(S)"), members.count("(F)")
    return device, members, len(members) - spares, len(members) - spares - failed
