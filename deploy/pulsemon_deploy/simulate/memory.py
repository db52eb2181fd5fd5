"""Memory and swap of a simulated server."""

import numpy as np

from pulsemon_deploy.simulate.moment import Moment, Series, ratio, series, whole
from pulsemon_deploy.simulate.noise import Floats
from pulsemon_deploy.simulate.roles import GIB

PAGE_BYTES = 4096
BUFFERS_SHARE = 0.012
SWAP_BYTES = 4 * GIB
SWAP_FROM = 0.90
# Pressure is the share of the memory above the tight level, times seconds: what it takes until the kernel kills.
PRESSURE_PER_KILL = 240.0
PAGES_PER_PRESSURE = 40_000.0
MINOR_FAULTS_PER_BUSY_SECOND = 2600.0
MAJOR_FAULTS_PER_SECOND = 0.4
DIRTY_BYTES = 24e6


def memory(moment: Moment) -> Series:
    """Memory by use, what is left, and kills for want of it."""
    size = moment.server.memory_bytes
    for state, share in _states(moment).items():
        yield series("system.memory.utilization", ratio(share), system__memory__state=state)
        yield series("system.memory.usage", _pages(share * size), system__memory__state=state)
    available = 0.985 - _used(moment)
    yield series("system.memory.linux.available", _pages(available * size))
    yield series("system.memory.available.ratio", ratio(available))
    yield series("system.memory.limit", moment.constant(size))
    yield series("system.memory.dirty", _pages(moment.shaken("operations", 0.9) * DIRTY_BYTES))
    yield series("system.memory.oom_kills", whole(moment.total("pressure") / PRESSURE_PER_KILL))


def swap(moment: Moment) -> Series:
    """Swap by use, and what moves between it and memory."""
    used = ((_used(moment) - SWAP_FROM) * 11.0).clip(0.02, 0.95)
    for state, share in (("used", used), ("free", 1.0 - used)):
        yield series("system.paging.utilization", ratio(share), system__paging__state=state)
        yield series("system.paging.usage", _pages(share * SWAP_BYTES), system__paging__state=state)
    pages = moment.total("pressure") * PAGES_PER_PRESSURE
    yield series("system.paging.operations", whole(pages * 0.4), direction="in")
    yield series("system.paging.operations", whole(pages), direction="out")
    major = moment.total("operations") * MAJOR_FAULTS_PER_SECOND + pages * 0.3
    yield series("system.paging.faults", whole(major), type="major")
    yield series("system.paging.faults", whole(moment.total("busy") * MINOR_FAULTS_PER_BUSY_SECOND), type="minor")


def _states(moment: Moment) -> dict[str, Floats]:
    """Shares that make up the whole: what is not used is mostly cache."""
    used = _used(moment)
    rest = 1.0 - used - BUFFERS_SHARE
    cached = rest * (0.72 + 0.04 * moment.shake("cached"))
    return {"used": used, "buffers": moment.constant(BUFFERS_SHARE), "cached": cached, "free": rest - cached}


def _used(moment: Moment) -> Floats:
    return (moment.level("memory") + 0.002 * moment.shake("memory")).clip(0.05, 0.985)


def _pages(size_bytes: Floats) -> Floats:
    return np.floor(size_bytes.clip(0.0) / PAGE_BYTES) * PAGE_BYTES
