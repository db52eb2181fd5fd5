"""CPU seconds of processes, all threads, user and system together."""

import psutil


def cpu_seconds(pid: int) -> float:
    """What the process has used since it started."""
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)
