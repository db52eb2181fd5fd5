"""``pulsemon status``: what the supervisor says of its roles, and what their processes take."""

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import psutil

from pulsemon_deploy.home import Home
from pulsemon_deploy.supervisor.lock import holder
from pulsemon_deploy.supervisor.state import RoleState, read_state

# Long enough for a figure that means something, short enough to wait for.
SAMPLE_SECONDS = 0.5
OWN_NAME = "supervisor"


@dataclass(frozen=True, slots=True)
class RoleStatus:
    """One role; ``rss_mb`` and ``cpu_percent`` (of one core, just now) are None without a process."""

    name: str
    state: str
    pid: int | None
    uptime_seconds: int | None
    restarts: int
    rss_mb: float | None
    cpu_percent: float | None
    message: str
    log: str


@dataclass(frozen=True, slots=True)
class Status:
    """Everything of one home; ``pid`` is the supervisor's, 0 if none runs."""

    pid: int
    is_ready: bool
    roles: tuple[RoleStatus, ...]

    @property
    def is_well(self) -> bool:
        """Whether everything runs as it should."""
        return self.is_ready and all(role.state in ("ready", "done") for role in self.roles)

    @property
    def dashboard_is_ready(self) -> bool:
        """Whether its page can be opened."""
        return any(role.name == "ui" and role.state == "ready" for role in self.roles)

    @property
    def rss_mb(self) -> float:
        """The memory of all processes together, in MB."""
        return sum(role.rss_mb or 0.0 for role in self.roles)

    @property
    def cpu_percent(self) -> float:
        """The processor time of all processes together, in percent of one core."""
        return sum(role.cpu_percent or 0.0 for role in self.roles)

    def rows(self) -> list[dict[str, object]]:
        """The table for people."""
        return [
            {
                "role": role.name,
                "state": role.state,
                "pid": role.pid,
                "up": _duration(role.uptime_seconds),
                "restarts": role.restarts,
                "rss_mb": role.rss_mb,
                "cpu_%": role.cpu_percent,
                "message": role.message,
            }
            for role in self.roles
        ]

    def summary(self) -> str:
        """All in one line."""
        return f"together {self.rss_mb:,.0f} MB and {self.cpu_percent:.1f} % of one core"

    def as_json(self) -> dict[str, object]:
        """For programs."""
        totals = {"rss_mb": round(self.rss_mb, 1), "cpu_percent": round(self.cpu_percent, 1)}
        return {
            "pid": self.pid,
            "is_ready": self.is_ready,
            "is_well": self.is_well,
            **totals,
            "roles": [asdict(role) for role in self.roles],
        }


def look(home: Home, sample_seconds: float = SAMPLE_SECONDS) -> Status:
    """The state of a home now; takes ``sample_seconds``."""
    pid = holder(home.lock_file)
    state = read_state(home.state_file) if pid else None
    if not pid or state is None:
        return Status(pid or 0, False, ())
    own = RoleState(OWN_NAME, "ready", False, pid, state.started_at, 0, "", str(home.logs / "supervisor.log"))
    roles = (own, *state.roles)
    used = _used([role.pid for role in roles if role.pid], sample_seconds)
    return Status(pid, state.is_ready, tuple(_status(role, used.get(role.pid)) for role in roles))


def _status(role: RoleState, used: tuple[float, float] | None) -> RoleStatus:
    return RoleStatus(
        name=role.name,
        state=role.state,
        pid=role.pid or None,
        uptime_seconds=round(time.time() - role.started_at) if role.pid else None,
        restarts=role.restarts,
        rss_mb=round(used[0], 1) if used else None,
        cpu_percent=round(used[1], 1) if used else None,
        message=role.message,
        log=role.log,
    )


def _used(pids: Sequence[int], sample_seconds: float) -> dict[int, tuple[float, float]]:
    """RSS in MB and percent of a core by process id, of those that live on while it looks."""
    before = {pid: seconds for pid in pids if (seconds := _cpu_seconds(pid)) is not None}
    started = time.monotonic()
    time.sleep(sample_seconds)
    elapsed = time.monotonic() - started
    found = {}
    for pid, seconds in before.items():
        after = _cpu_seconds(pid)
        if after is not None:
            found[pid] = (_rss_bytes(pid) / 1e6, 100.0 * (after - seconds) / elapsed)
    return found


def _cpu_seconds(pid: int) -> float | None:
    try:
        times = psutil.Process(pid).cpu_times()
    except psutil.Error:
        return None
    return float(times.user + times.system)


def _rss_bytes(pid: int) -> int:
    try:
        return int(psutil.Process(pid).memory_info().rss)
    except psutil.Error:
        return 0


def _duration(seconds: int | None) -> str | None:
    if seconds is None:
        return None
    hours, rest = divmod(seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    return f"{hours}h {minutes:02}m" if hours else f"{minutes}m {seconds:02}s" if minutes else f"{seconds}s"
