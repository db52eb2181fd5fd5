"""Processor and load of a simulated server."""

from pulsemon_deploy.simulate.moment import Moment, Series, ratio, series, whole

# How the busy time is spent besides user and system.
NICE_SHARE, IRQ_SHARE, STEAL_SHARE = 0.004, 0.002, 0.006
# A role that is all network spends this part of its system time on packets.
SOFTIRQ_PART = 0.3
SWITCHES_PER_BUSY_SECOND = 5200.0
INTERRUPTS_PER_BUSY_SECOND = 3400.0
WINDOWS_SECONDS = {"1m": 60, "5m": 300, "15m": 900}


def processor(moment: Moment) -> Series:
    """Times, shares and counts of the processor."""
    cores = moment.server.cores
    busy = moment.level("busy")
    busy = busy + moment.shake("busy") * 0.12 * busy * (1.0 - busy)
    iowait = moment.shaken("iowait", 0.5)
    for mode, share in _shares(moment).items():
        yield series("system.cpu.time", (moment.total("busy") * cores * share).round(2), cpu__mode=mode)
        yield series("system.cpu.utilization", ratio(busy * share), cpu__mode=mode)
    for mode in ("iowait", "idle"):
        yield series("system.cpu.time", (moment.total(mode) * cores).round(2), cpu__mode=mode)
    iowait = ratio(iowait.clip(None, 1.0 - busy))
    yield series("system.cpu.utilization", iowait, cpu__mode="iowait")
    yield series("system.cpu.utilization", ratio(1.0 - busy - iowait), cpu__mode="idle")
    yield series("system.cpu.busy", ratio(busy))
    yield series("system.cpu.logical.count", moment.constant(cores))
    yield series("system.cpu.limit", moment.constant(cores))
    yield series("system.cpu.context_switches", whole(moment.total("busy") * cores * SWITCHES_PER_BUSY_SECOND))
    yield series("system.cpu.interrupts", whole(moment.total("busy") * cores * INTERRUPTS_PER_BUSY_SECOND))


def load(moment: Moment) -> Series:
    """Load averages, and what runs and waits."""
    cores = moment.server.cores
    for window, seconds in WINDOWS_SECONDS.items():
        noise = 1.0 + moment.shake("load") * 6.0 / (seconds**0.5 * cores)
        average = (moment.mean("load", seconds) * noise).clip(0.0).round(2)
        yield series(f"system.cpu.load_average.{window}", average)
        yield series("system.load.per_cpu", (average / cores).round(4), window=window)
    running = moment.level("busy") * cores * (1.0 + 0.8 * moment.shake("running"))
    yield series("system.processes.running", whole(running + 1.0))
    yield series("system.processes.blocked", whole(moment.shaken("iowait", 0.9) * cores * 1.5))


def _shares(moment: Moment) -> dict[str, float]:
    """What parts of the busy time each mode has; together 1."""
    system = moment.server.role.system_share
    softirq = system * system * SOFTIRQ_PART
    shares = {
        "nice": NICE_SHARE,
        "system": system - softirq,
        "irq": IRQ_SHARE,
        "softirq": softirq,
        "steal": STEAL_SHARE,
    }
    return {"user": 1.0 - sum(shares.values())} | shares
