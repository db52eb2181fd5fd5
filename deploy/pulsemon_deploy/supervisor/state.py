"""What the supervisor tells other programs about itself: one small JSON file, replaced at each change."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

FORMAT_VERSION = 1


@dataclass(frozen=True, slots=True)
class RoleState:
    """One role as it stands; ``started_at`` is in Unix seconds, ``pid`` 0 without a process, ``log`` a path."""

    name: str
    state: str
    is_task: bool
    pid: int
    started_at: float
    restarts: int
    message: str
    log: str


@dataclass(frozen=True, slots=True)
class SupervisorState:
    """The supervisor and its roles, in the order of starting. ``is_ready``: everything was ready at least once."""

    pid: int
    started_at: float
    is_ready: bool
    roles: tuple[RoleState, ...]

    def role(self, name: str) -> RoleState | None:
        """The role of that name, if it is part of this run."""
        return next((role for role in self.roles if role.name == name), None)


def write_state(path: Path, state: SupervisorState) -> None:
    """Replaces the file at once. Raises OSError."""
    staging = path.with_suffix(".new")
    staging.write_text(json.dumps({"version": FORMAT_VERSION, **asdict(state)}, indent=1) + "\n")
    staging.replace(path)


def read_state(path: Path) -> SupervisorState | None:
    """The newest state, or None if there is no file or one of another format."""
    try:
        content = json.loads(path.read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    if content.pop("version", None) != FORMAT_VERSION:
        return None
    roles: Sequence[dict[str, object]] = content.pop("roles")
    return SupervisorState(**content, roles=tuple(RoleState(**role) for role in roles))  # type: ignore[arg-type]
