import os
from pathlib import Path

from pulsemon_deploy.role_usage import PREFIX, role_samples
from pulsemon_deploy.supervisor.state import RoleState, SupervisorState, write_state
from pulsemon_schemas.catalogue import METRICS


def role(name: str, state: str, pid: int, restarts: int = 0, *, is_task: bool = False) -> RoleState:
    return RoleState(name, state, is_task, pid, 1.0, restarts, "", "a.log")


def told(path: Path) -> dict[tuple[str, str], float]:
    return {(one.name.removeprefix(f"{PREFIX}."), one.labels): one.value for one in role_samples(path)}


def test_roles_that_go_on_are_told_of_with_what_their_processes_take(tmp_path: Path) -> None:
    path = tmp_path / "state"
    own = os.getpid()
    roles = (
        role("kafka", "ready", own, restarts=2),
        role("topics", "done", 0, is_task=True),
        role("sink", "restarting", 0, restarts=1),
    )
    write_state(path, SupervisorState(own, 1.0, True, roles))
    found = told(path)
    assert {name for name, _ in found} == {
        one.name.removeprefix(f"{PREFIX}.") for one in METRICS if one.name.startswith(f"{PREFIX}.")
    }
    assert {labels for _, labels in found} == {"role=kafka", "role=sink", "role=supervisor"}
    assert (found["up", "role=kafka"], found["restarts", "role=kafka"]) == (1.0, 2.0)
    assert (found["up", "role=sink"], found["restarts", "role=sink"]) == (0.0, 1.0)
    assert found["memory.rss", "role=kafka"] > 1e6
    assert found["cpu.time", "role=supervisor"] > 0.0
    assert ("memory.rss", "role=sink") not in found


def test_without_a_supervisor_and_for_a_process_that_ended_nothing_is_told(tmp_path: Path) -> None:
    assert told(tmp_path / "state") == {}
    write_state(tmp_path / "state", SupervisorState(2**22 - 1, 1.0, True, ()))
    assert told(tmp_path / "state") == {}
