"""The 180 series of a host on which every default rule for all servers judges at least one, and their values.

They come as an agent sends them, each at its interval. Of the samples of a real server a third is under a default rule,
of these more than a half: what judging costs is rather overstated.
"""

import functools
import random
from collections.abc import Iterator, Mapping, Sequence

from pulsemon_schemas.catalogue import metric
from pulsemon_schemas.labels import canonical
from pulsemon_schemas.rules import default_rules
from pulsemon_schemas.rules.rule import Series

SERIES = 180
INTERVAL_SECONDS = 10
PLAIN = "system.plain."
"""What no rule judges."""
INSTANCES: Mapping[str, tuple[str, ...]] = {
    "mountpoint": ("/", "/home", "/var"),
    "network.interface.name": ("eth0", "eth1"),
    "device": ("sda", "sdb"),
    "container.id": ("a1", "b2"),
}
"""What a host has several of; of all else it has one."""
HEALTHY: Mapping[str, float] = {
    "container.cpu.limit": 2.0,
    "container.memory.limit": 1e9,
    "hw.battery.charge": 0.9,
    "hw.temperature.headroom": 30.0,
    "process.up": 1.0,
    "system.cpu.limit": 4.0,
    "system.fd.max": 1e6,
    "system.filesystem.available": 1e11,
    "system.memory.available.ratio": 0.5,
    "system.network.conntrack.max": 65536.0,
    "system.network.speed": 1e9,
    "system.network.tcp.orphan.limit": 65536.0,
    "system.network.up": 1.0,
    "system.raid.disks.required": 2.0,
    "system.uptime": 1e6,
}
"""What is well where it is not small."""
ILL: Mapping[str, float] = {
    "hw.temperature.headroom": -1.0,
    "process.up": 0.0,
    "system.filesystem.available": 1e9,
    "system.load.per_cpu": 5.0,
    "system.memory.available.ratio": 0.03,
}


TROUBLE_STEPS = 40
TROUBLES = ("cpu", "memory", "filesystem", "disk", "pressure", "sensor", "process", "container")


def series() -> list[tuple[str, str]]:
    """Names and labels, sorted as the contract asks; what no rule judges fills them up, a half of it labelled."""
    found = {one for rule in default_rules() for wanted in rule.all_series for one in _instances(wanted)}
    rest = SERIES - len(found)
    found |= {(f"{PLAIN}metric_{number:02d}", "kind=a" if number % 2 else "") for number in range(rest)}
    return sorted(found)


def due(found: Sequence[tuple[str, str]], step: int) -> list[tuple[str, str]]:
    """Those that a batch has at a step; the first one has all."""
    return [one for one in found if step * INTERVAL_SECONDS % _interval_seconds(one[0]) == 0]


def trouble(host: int, step: int) -> str:
    """The group of metrics that is ill on a host: one after the other, for half of the time; "" for none."""
    period, within = divmod(step, TROUBLE_STEPS)
    return TROUBLES[(period + host) % len(TROUBLES)] if within < TROUBLE_STEPS // 2 else ""


def value(chance: random.Random, name: str, labels: str, step: int, ill: str) -> float:
    """At a step: totals that grow, gauges near 0, and near 1 in the group that is ill."""
    is_ill = ill != "" and not name.startswith(PLAIN) and metric(name).group == ill
    if is_ill and name in ILL:
        return ILL[name]
    if name in HEALTHY:
        return HEALTHY[name]
    if name == "system.raid.disks":
        return 2.0 if "state=active" in labels else 0.0
    if not name.startswith(PLAIN) and metric(name).is_counter:
        return step * 100.0 if name.endswith((".count", ".segments", ".operations", ".faults")) else 3.0
    return 0.9 + 0.1 * chance.random() if is_ill else 0.05 * chance.random()


@functools.cache
def _interval_seconds(name: str) -> int:
    return INTERVAL_SECONDS if name.startswith(PLAIN) else metric(name).interval_seconds


def _instances(wanted: Series) -> Iterator[tuple[str, str]]:
    """The series that a rule asks for, with all labels that the catalogue gives them."""
    labelled: list[dict[str, str]] = [{}]
    for key, values in metric(wanted.metric).attributes.items():
        chosen = (wanted.match[key],) if key in wanted.match else INSTANCES.get(key, values[:1] or ("one",))
        labelled = [labels | {key: text} for labels in labelled for text in chosen]
    for labels in labelled:
        yield wanted.metric, canonical(labels)
