"""How much of the host there is to use: all of it, or what the container that the agent runs in may take."""

from pulsemon_producers.collectors.cgroup import Cgroup, own_cgroup
from pulsemon_producers.collectors.host import Host


def logical_cpus(host: Host) -> int:
    """Processors that the kernel schedules on, at least one."""
    online = host.sys_if_any("devices/system/cpu/online")
    if online:
        return count_of_list(online)
    lines = host.proc("stat").splitlines()
    return max(1, sum(line.startswith("cpu") and line[3:4].isdigit() for line in lines))


def cpu_limit(host: Host) -> float:
    """Processors that may be used at once: the quota of the container, the set it is bound to, or all there are."""
    cgroup = own_cgroup(host)
    found = float(logical_cpus(host))
    if cgroup is None:
        return found
    quota, bound = cgroup.cpu_quota(), cgroup.cpu_set()
    return min(found, found if quota is None else quota, float(count_of_list(bound)) if bound else found)


def memory_limit(cgroup: Cgroup | None, total_bytes: int) -> int:
    """Bytes that may be used: the container's limit if it has one that binds, else all memory."""
    limit = None if cgroup is None else cgroup.memory_limit_bytes()
    return total_bytes if not limit else min(limit, total_bytes)


def count_of_list(text: str) -> int:
    """How many numbers a list such as ``0-3,8`` of the kernel has."""
    ranges = [part.partition("-") for part in text.split(",")]
    return sum(int(last or first) - int(first) + 1 for first, _, last in ranges)
