"""The collectors that every agent has, and the groups of the catalogue that each one fills."""

from collections.abc import Mapping

from pulsemon_schemas import catalogue

from pulsemon_producers.collectors.base import Collector
from pulsemon_producers.collectors.clock import ClockCollector
from pulsemon_producers.collectors.connections import ConnectionCollector
from pulsemon_producers.collectors.containers import ContainerCollector
from pulsemon_producers.collectors.cpu import CpuCollector
from pulsemon_producers.collectors.disks import DiskCollector
from pulsemon_producers.collectors.filesystems import FilesystemCollector
from pulsemon_producers.collectors.host import Host
from pulsemon_producers.collectors.load import LoadCollector
from pulsemon_producers.collectors.memory import MemoryCollector
from pulsemon_producers.collectors.network import NetworkCollector
from pulsemon_producers.collectors.pressure import PressureCollector
from pulsemon_producers.collectors.processes import ProcessCollector
from pulsemon_producers.collectors.raid import RaidCollector
from pulsemon_producers.collectors.sensors import SensorCollector
from pulsemon_producers.collectors.services import ServiceCollector
from pulsemon_producers.collectors.swap import SwapCollector
from pulsemon_producers.collectors.system import SystemCollector
from pulsemon_producers.collectors.tables import TablesCollector
from pulsemon_producers.collectors.tcp import TcpCollector
from pulsemon_producers.selection import select
from pulsemon_producers.settings import AgentSettings

GROUPS: Mapping[type[Collector], tuple[str, ...]] = {
    CpuCollector: ("cpu", "load", "processes"),
    LoadCollector: ("load",),
    MemoryCollector: ("memory",),
    SwapCollector: ("swap",),
    PressureCollector: ("pressure",),
    FilesystemCollector: ("filesystem",),
    DiskCollector: ("disk",),
    NetworkCollector: ("network",),
    TcpCollector: ("tcp",),
    ConnectionCollector: ("tcp",),
    TablesCollector: ("processes",),
    ProcessCollector: ("processes", "process"),
    ServiceCollector: ("service",),
    ContainerCollector: ("container",),
    SensorCollector: ("sensor",),
    RaidCollector: ("raid",),
    ClockCollector: ("clock",),
    SystemCollector: ("uptime", "host"),
}
"""A collector whose groups are switched off as a whole is not started."""


def built_in(host: Host, settings: AgentSettings) -> list[Collector]:
    """The collectors that this agent needs, in their order."""
    metrics = select(catalogue.METRICS, settings.enable, settings.disable)
    groups = {one.group for one in metrics if one.default_on}
    return [_made(kind, host, settings) for kind, own in GROUPS.items() if not groups.isdisjoint(own)]


def _made(kind: type[Collector], host: Host, settings: AgentSettings) -> Collector:
    if kind is ProcessCollector:
        return ProcessCollector(host, settings.top_processes, settings.watch_processes)
    if kind is ServiceCollector:
        return ServiceCollector(host, settings.watch_units)
    return kind(host)
