"""The host itself: how long it runs, since which boot, what it is, who uses it, whether it wants a reboot."""

import shlex
from collections.abc import Iterator

from pulsemon_producers.collectors.base import Collector, Point, Tick, gauge, updown
from pulsemon_producers.collectors.host import Host

SESSIONS = "run/systemd/sessions"


class SystemCollector(Collector):
    """Uptime, facts and the reboot that updates ask for."""

    name = "system"
    interval_seconds = 60.0

    def collect(self, tick: Tick) -> Iterator[Point]:
        """The facts only now and then: they rarely change."""
        yield gauge("system.uptime", float(self.host.proc("uptime").split()[0]))
        if tick.boot_id:
            yield gauge("system.boot.id", 1, {"boot_id": tick.boot_id})
        if tick.wants("system.users.count"):
            yield updown("system.users.count", _users(self.host))
        if tick.wants("system.reboot_required"):
            wanted = self.host.root_if_any("run/reboot-required") is not None
            yield gauge("system.reboot_required", wanted)
        if tick.wants("system.info"):
            yield gauge("system.info", 1, _facts(self.host))


def _users(host: Host) -> int:
    """Sessions of people, as the login manager keeps them; those of services and of login screens are not counted."""
    sessions = (host.root_if_any(f"{SESSIONS}/{name}") or "" for name in host.root_names(SESSIONS))
    return sum("\nCLASS=user" in f"\n{session}" for session in sessions)


def _facts(host: Host) -> dict[str, str]:
    """Labels of ``system.info``; what the host does not tell is left out."""
    facts = {
        "os": _os_name(host.root_if_any("etc/os-release") or ""),
        "kernel": (host.proc_if_any("sys/kernel/osrelease") or "").strip(),
        "arch": host.machine,
        "cpu.model": _cpu_model(host.proc_if_any("cpuinfo") or ""),
        "agent.version": host.agent_version,
    }
    return {key: value for key, value in facts.items() if value}


def _os_name(os_release: str) -> str:
    for line in os_release.splitlines():
        if line.startswith("PRETTY_NAME="):
            return " ".join(shlex.split(line.partition("=")[2]))
    return ""


def _cpu_model(cpuinfo: str) -> str:
    for line in cpuinfo.splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return ""
