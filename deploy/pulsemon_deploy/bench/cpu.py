"""CPU seconds of processes, all threads, user and system together."""

import psutil


def cpu_seconds(pid: int) -> float:
    """What the process has used since it started."""
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


def tree_cpu_seconds(pid: int) -> float:
    """What the process and all its children have used, those that have ended and were waited for among them."""
    root = psutil.Process(pid)
    every = (one.cpu_times() for one in [root, *root.children(recursive=True)])
    return float(sum(one.user + one.system + one.children_user + one.children_system for one in every))
