"""Records trees of this machine for a golden case: ``record.py CASE SECONDS PID…`` writes two moments so far apart.

Only files that collectors read are taken, and of processes only the given ones. What tells machines apart is replaced:
the id of the boot, addresses beyond this host. Read what it wrote before it is committed.
"""

import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from support.tree_archive import pack

GOLDEN = Path(__file__).with_name("golden")
PROC = (
    "stat", "meminfo", "vmstat", "loadavg", "uptime", "diskstats", "mdstat", "self/mounts", "cpuinfo",
    "pressure/*", "net/dev", "net/softnet_stat", "net/snmp", "net/netstat", "net/sockstat", "net/sockstat6",
    "net/tcp", "net/tcp6", "sys/fs/file-nr", "sys/kernel/threads-max", "sys/kernel/pid_max",
    "sys/kernel/osrelease", "sys/kernel/random/entropy_avail", "sys/net/netfilter/nf_conntrack_count",
    "sys/net/netfilter/nf_conntrack_max", "sys/net/ipv4/tcp_max_orphans",
)  # fmt: skip
PROCESS = ("stat", "io", "cmdline", "limits")
SYS = (
    "devices/system/cpu/online", "devices/system/cpu/cpu[0-9]*/topology/core_id",
    "devices/system/cpu/cpu[0-9]*/topology/physical_package_id",
    "devices/system/cpu/cpufreq/policy*/scaling_cur_freq", "class/net/*/operstate", "class/net/*/flags",
    "class/net/*/speed", "class/hwmon/*/name", "class/hwmon/*/temp*_*", "class/hwmon/*/fan*_*",
    "class/thermal/*/type", "class/thermal/*/temp", "class/power_supply/*/type",
    "class/power_supply/*/capacity", "class/power_supply/*/status", "devices/system/edac/mc/mc*/ue_count",
    "fs/cgroup/cgroup.*", "fs/cgroup/cpu.*", "fs/cgroup/memory.*",
    "fs/cgroup/*/release_agent", "fs/cgroup/memory/memory.limit_in_bytes",
    "fs/cgroup/memory/memory.usage_in_bytes", "fs/cgroup/memory/memory.stat", "fs/cgroup/memory/cgroup.procs",
    "fs/cgroup/cpu/cpu.cfs_*", "fs/cgroup/cpuset/cpuset.cpus",
)  # fmt: skip
BOOT_ID = "5b0c1d7e-93a4-4c1e-8a57-6f1b2d3c4e5f"
OWN_ADDRESSES = ("0100007F", "00000000")


def record(tree: Path, pids: Sequence[str]) -> None:
    """One moment."""
    for pattern in PROC:
        _copy_all(Path("/proc"), pattern, tree / "proc")
    for pid in pids:
        for name in PROCESS:
            _copy_all(Path("/proc"), f"{pid}/{name}", tree / "proc")
        for descriptor in Path(f"/proc/{pid}/fd").glob("*"):
            _write(tree / "proc" / pid / "fd" / descriptor.name, b"")
    for pattern in SYS:
        _copy_all(Path("/sys"), pattern, tree / "sys")
    _copy_all(Path("/"), "etc/os-release", tree / "root")
    _write(tree / "proc/sys/kernel/random/boot_id", f"{BOOT_ID}\n".encode())


def _copy_all(root: Path, pattern: str, target: Path) -> None:
    for path in root.glob(pattern):
        try:
            content = path.read_bytes()
        except OSError:
            continue
        name = str(path.relative_to(root))
        _write(target / name, _stripped(content) if name.startswith("net/tcp") else content)


def _stripped(table: bytes) -> bytes:
    """Without the sockets that speak with others."""
    head, *lines = table.splitlines(keepends=True)
    return b"".join([head, *(line for line in lines if _stays_here(line.split()))])


def _stays_here(columns: Sequence[bytes]) -> bool:
    return all(column.decode()[:8] in OWN_ADDRESSES for column in columns[1:3])


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def main(name: str, seconds: str, pids: Sequence[str]) -> None:
    """Both moments in one archive; the whole host is one case for all collectors."""
    with TemporaryDirectory() as folder:
        for at in (0, int(seconds)):
            record(Path(folder) / f"tick-{at:04d}", pids)
            time.sleep(0 if at else int(seconds))
        (GOLDEN / name).mkdir(parents=True, exist_ok=True)
        (GOLDEN / name / "trees.txt").write_text(pack(Path(folder)))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
