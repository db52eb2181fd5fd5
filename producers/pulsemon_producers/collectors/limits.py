"""How much of the host there is to use: its own limits. Those of a control group have their place here."""

from pulsemon_producers.collectors.host import Host


def logical_cpus(host: Host) -> int:
    """Processors that the kernel schedules on: those of ``/proc/stat``."""
    return sum(line.startswith("cpu") and line[3:4].isdigit() for line in host.proc("stat").splitlines())


def cpu_limit(host: Host) -> float:
    """Processors that may be used at once."""
    return float(logical_cpus(host))
