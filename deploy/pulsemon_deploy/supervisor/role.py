"""What the supervisor has to know about a role; which roles there are is not decided here."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Readiness(StrEnum):
    """How a role shows that it really works."""

    NOTIFY = "notify"  # it sends READY=1 to $NOTIFY_SOCKET
    PORT = "port"  # it accepts connections on its port
    EXIT = "exit"  # it is a task: done when it ends with code 0


@dataclass(frozen=True, slots=True)
class Role:
    """One process to keep running, or one task to carry out.

    ``needs`` are the roles that must be ready before it starts. A task is carried out again whenever a role of
    ``follows`` became ready anew. ``log_file`` is the file of the logs folder to read when it fails, its own output
    unless given. "Everything is ready" does not wait for a role that is not ``is_awaited``. A role that gave
    signs of life and then none for ``watchdog_seconds`` is taken for hung; with 0 none are expected.
    """

    name: str
    argv: tuple[str, ...]
    readiness: Readiness = Readiness.NOTIFY
    needs: tuple[str, ...] = ()
    follows: tuple[str, ...] = ()
    port: int = 0
    environ: Mapping[str, str] = field(default_factory=dict)
    start_seconds: float = 60.0
    stop_seconds: float = 10.0
    watchdog_seconds: float = 0.0
    output_file: str = ""
    log_file: str = ""
    is_awaited: bool = True

    @property
    def is_task(self) -> bool:
        """Whether it ends by itself when its work is done."""
        return self.readiness is Readiness.EXIT

    @property
    def output_name(self) -> str:
        """The file of the logs folder that its output goes to."""
        return self.output_file or f"{self.name}.log"

    @property
    def log_name(self) -> str:
        """The file of the logs folder to read when it fails."""
        return self.log_file or self.output_name


def all_needs(roles: tuple[Role, ...]) -> dict[str, frozenset[str]]:
    """What each role needs, through others too: a service that needs a task needs what the task needs."""
    found: dict[str, frozenset[str]] = {}
    for role in roles:
        found[role.name] = frozenset(role.needs).union(*(found[name] for name in role.needs))
    return found


def check_plan(roles: tuple[Role, ...]) -> None:
    """ValueError unless names are unique and every needed or followed role comes earlier."""
    seen: set[str] = set()
    for role in roles:
        if role.name in seen or not {*role.needs, *role.follows} <= seen:
            raise ValueError(f"role {role.name!r} stands twice, or needs one that does not come before it")
        seen.add(role.name)
