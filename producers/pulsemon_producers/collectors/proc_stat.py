"""``/proc/stat``: the time of every processor, and totals of the kernel."""

from collections.abc import Mapping
from dataclasses import dataclass

TICKS_PER_SECOND = 100
"""USER_HZ: what the kernel tells programs in, on every platform, whatever its own clock does."""

MODES = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal")
"""In the kernel's order; old kernels have fewer. Guests' time is part of user and nice."""

ALL = "all"
"""The key of all processors together."""


@dataclass(frozen=True, slots=True)
class Stat:
    """``seconds`` by processor ("all", "0", "1", …) and mode; ``totals`` by the kernel's own name."""

    seconds: Mapping[str, Mapping[str, float]]
    totals: Mapping[str, int]
    logical_cpus: int


def parse_stat(text: str, *, with_each: bool) -> Stat:
    """The parts of the file that are sent; the counts of single interrupts are not read.

    Without ``with_each`` only all processors together: a host may have some hundred.
    """
    seconds: dict[str, dict[str, float]] = {}
    totals: dict[str, int] = {}
    logical_cpus = text.count("\ncpu")
    for line in text.splitlines():
        name, _, rest = line.partition(" ")
        if name.startswith("cpu"):
            if name != "cpu" and not with_each:
                continue
            read = [int(part) / TICKS_PER_SECOND for part in rest.split()[: len(MODES)]]
            read += [0.0] * (len(MODES) - len(read))
            seconds[name.removeprefix("cpu") or ALL] = dict(zip(MODES, read, strict=True))
        elif name != "softirq":
            totals[name] = int(rest.partition(" ")[0])
    return Stat(seconds, totals, logical_cpus)
