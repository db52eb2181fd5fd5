"""The collectors that every agent has."""

from pulsemon_producers.collectors.base import Collector
from pulsemon_producers.collectors.cpu import CpuCollector
from pulsemon_producers.collectors.disks import DiskCollector
from pulsemon_producers.collectors.filesystems import FilesystemCollector
from pulsemon_producers.collectors.load import LoadCollector
from pulsemon_producers.collectors.memory import MemoryCollector
from pulsemon_producers.collectors.network import NetworkCollector
from pulsemon_producers.collectors.swap import SwapCollector
from pulsemon_producers.collectors.system import SystemCollector

BUILT_IN: tuple[type[Collector], ...] = (
    CpuCollector,
    LoadCollector,
    MemoryCollector,
    SwapCollector,
    FilesystemCollector,
    DiskCollector,
    NetworkCollector,
    SystemCollector,
)
