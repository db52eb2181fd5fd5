"""What the processes of this machine's roles take, by the supervisor's word of which there are.

The broker and the engine speak for themselves nowhere: they are seen here, beside all others.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

import psutil
from pulsemon_schemas.runtime.own_metrics import Sample, sample

from pulsemon_deploy.supervisor.life import State
from pulsemon_deploy.supervisor.state import RoleState, read_state
from pulsemon_deploy.supervisor.status import OWN_NAME

PREFIX = "pulsemon.role"


def role_samples(state_file: Path) -> Iterable[Sample]:
    """Of each role that goes on, and of the supervisor; nothing where none runs."""
    state = read_state(state_file)
    if state is None:
        return
    yield from _used(OWN_NAME, state.pid)
    for role in state.roles:
        if not role.is_task:
            yield from _of(role)


def _of(role: RoleState) -> Iterator[Sample]:
    yield sample(f"{PREFIX}.up", float(role.state == State.READY), role=role.name)
    yield sample(f"{PREFIX}.restarts", role.restarts, role=role.name)
    yield from _used(role.name, role.pid)


def _used(name: str, pid: int) -> Iterator[Sample]:
    """Nothing for a process that has ended meanwhile."""
    if not pid:
        return
    try:
        process = psutil.Process(pid)
        times, rss_bytes = process.cpu_times(), process.memory_info().rss
    except psutil.Error:
        return
    yield sample(f"{PREFIX}.cpu.time", times.user + times.system, role=name)
    yield sample(f"{PREFIX}.memory.rss", rss_bytes, role=name)
