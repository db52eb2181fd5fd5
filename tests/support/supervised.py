"""A supervisor in a process of its own, with small roles made for one test; it can be asked, signalled and killed.

Run as a program: ``supervised.py HOME ROLES_JSON``.
"""

import json
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import psutil
from pulsemon_deploy.home import Home
from pulsemon_deploy.supervisor.console import Console
from pulsemon_deploy.supervisor.lock import only_one
from pulsemon_deploy.supervisor.log_file import LogFile
from pulsemon_deploy.supervisor.loop import Loop
from pulsemon_deploy.supervisor.role import Readiness, Role
from pulsemon_deploy.supervisor.state import RoleState, SupervisorState, read_state
from pulsemon_deploy.supervisor.supervisor import Supervisor
from support.waiting import wait_until

_READY = """
import os, signal, socket, sys, time
def ready():
    client = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    client.sendto(b"READY=1", "\\0" + os.environ["NOTIFY_SOCKET"][1:])
def wait():
    while True:
        signal.pause()
"""


def script(body: str) -> tuple[str, ...]:
    """The command line of a Python role; ``ready()`` and ``wait()`` are there, and the usual modules."""
    return (sys.executable, "-I", "-c", _READY + textwrap.dedent(body))


def service(name: str, body: str = "ready(); wait()", **options: object) -> Role:
    """A role that says when it is ready."""
    return Role(name, script(body), **options)  # type: ignore[arg-type]  # the fields of Role


class Supervised:
    """The running supervisor, as seen from outside."""

    def __init__(self, home: Home, process: subprocess.Popen[str]) -> None:
        self.home = home
        self.process = process

    @property
    def state(self) -> SupervisorState | None:
        return read_state(self.home.state_file)

    def role(self, name: str) -> RoleState:
        state = self.state
        role = state.role(name) if state else None
        return role or RoleState(name, "unknown", False, 0, 0.0, 0, "", "")

    def wait_for(self, name: str, state: str, timeout_seconds: float = 15.0) -> RoleState:
        wait_until(lambda: self.role(name).state == state, timeout_seconds, f"{name} is {state}")
        return self.role(name)

    def wait_ready(self) -> None:
        wait_until(lambda: (state := self.state) is not None and state.is_ready, 15.0, "everything is ready")

    def wait_end(self) -> tuple[int, str]:
        """Exit code and all that it printed."""
        output, _ = self.process.communicate(timeout=30)
        return self.process.returncode, output

    def stop(self) -> tuple[int, str]:
        self.process.send_signal(signal.SIGTERM)
        return self.wait_end()

    def descendants(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)


@contextmanager
def supervised(folder: Path, roles: Sequence[Role], **environ: str) -> Iterator[Supervised]:
    """Starts it; whatever a failing test leaves of it is killed."""
    home, plan = Home(folder / "home"), folder / "roles.json"
    plan.write_text(json.dumps([asdict(role) for role in roles]))
    path = os.pathsep.join([str(Path(__file__).parent.parent), *filter(None, sys.path)])
    process = subprocess.Popen(
        [sys.executable, __file__, str(home.root), str(plan)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PYTHONPATH": path, **environ},
    )
    left = Supervised(home, process)
    try:
        yield left
    finally:
        process.kill()  # its roles end with it: the subject of one of the tests
        process.communicate(timeout=10)


def _main() -> None:
    home = Home(Path(sys.argv[1]))
    home.prepare()
    roles = [_role(fields) for fields in json.loads(Path(sys.argv[2]).read_text())]
    loop, own_log = Loop(), LogFile(home.logs / "supervisor.log")
    console = Console(own_log, 30)
    with only_one(home.lock_file):
        supervisor = Supervisor(
            roles, loop, console, (home.logs, home.state_file), os.environ, lambda: print("ALL READY", flush=True)
        )
        sys.exit(0 if supervisor.run() else 1)


def _role(fields: dict[str, object]) -> Role:
    tuples = {name: tuple(value) for name, value in fields.items() if isinstance(value, list)}
    return Role(**{**fields, **tuples, "readiness": Readiness(str(fields["readiness"]))})  # type: ignore[arg-type]


if __name__ == "__main__":
    _main()
