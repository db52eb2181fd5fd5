"""The whole of ``pulsemon up`` in a home and on ports of its own, started and stopped as a person would."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from pulsemon_deploy.installation import Installation, installation
from pulsemon_deploy.kafka.child import start_child
from pulsemon_deploy.kafka.ports import free_ports
from pulsemon_deploy.supervisor.state import RoleState, SupervisorState, read_state
from pulsemon_sinks.clickhouse.connection import NativeStore
from pulsemon_ui.access import make_link
from support.waiting import wait_until

START_SECONDS = 90.0
STOP_SECONDS = 40.0
COMMAND_SECONDS = 60.0
PORTS = ("KAFKA_PORT", "KAFKA_CONTROLLER_PORT", "CLICKHOUSE_PORT", "CLICKHOUSE_HTTP_PORT", "UI_PORT", "GATEWAY_PORT")


@dataclass(slots=True)
class Stack:
    """One installation; it can be started, killed piece by piece, looked into and stopped."""

    folder: Path
    demo_servers: int = 0
    settings: Mapping[str, str] = field(default_factory=dict)
    own: Installation = field(init=False)
    _process: "subprocess.Popen[bytes] | None" = field(init=False, default=None)

    def __post_init__(self) -> None:
        ports = {f"PULSEMON_LOCAL_{name}": str(port) for name, port in zip(PORTS, free_ports(len(PORTS)), strict=True)}
        home = {"PULSEMON_LOCAL_HOME": str(self.folder / "home")}
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("PULSEMON_")}
        self.own = installation({**inherited, **ports, **home, **self.settings})

    @property
    def console(self) -> str:
        """All that ``pulsemon up`` printed so far."""
        return (self.folder / "console.log").read_text()

    @property
    def state(self) -> SupervisorState | None:
        """What the supervisor says of its roles."""
        return read_state(self.own.home.state_file)

    def role(self, name: str) -> RoleState:
        """One role, which must be part of the plan."""
        state = self.state
        role = state.role(name) if state else None
        assert role is not None, f"there is no role {name}: {state}"
        return role

    def start(self) -> None:
        """``pulsemon up``, until the dashboard's address stands on the console."""
        demo = ("--demo", str(self.demo_servers)) if self.demo_servers else ()
        argv = (sys.executable, "-m", "pulsemon_deploy.cli", "up", *demo)
        console = self.folder / "console.log"
        console.write_bytes(b"")
        self._process = start_child(argv, self.own.environ, console)
        wait_until(self._has_started, START_SECONDS, "pulsemon up prints the dashboard's address")

    def stop(self) -> int:
        """Ctrl-C; the exit code."""
        assert self._process is not None
        self._process.send_signal(signal.SIGINT)
        exit_code = self._process.wait(STOP_SECONDS)
        self._process = None
        return exit_code

    def close(self) -> None:
        """Ends what still runs."""
        if self._process is not None and self._process.poll() is None:
            self.stop()

    def command(self, *arguments: str, timeout_seconds: float = COMMAND_SECONDS) -> "subprocess.CompletedProcess[str]":
        """A ``pulsemon`` command on this installation."""
        argv = (sys.executable, "-m", "pulsemon_deploy.cli", *arguments)
        environ = dict(self.own.environ)
        return subprocess.run(argv, env=environ, capture_output=True, text=True, timeout=timeout_seconds, check=False)

    def kill(self, name: str) -> int:
        """kill -9 of a role; the process id that it had."""
        pid = self.role(name).pid
        os.kill(pid, signal.SIGKILL)
        return pid

    def wait_back(self, name: str, old_pid: int, timeout_seconds: float = 60.0) -> None:
        """Until the role is ready in another process."""

        def is_back() -> bool:
            role = self.role(name)
            return role.state == "ready" and role.pid != old_pid

        wait_until(is_back, timeout_seconds, f"{name} is back")

    def link(self) -> str:
        """A new one-time link to the dashboard."""
        return make_link(self.own.ui())

    @contextmanager
    def store(self) -> Iterator[NativeStore]:
        """The store by its reader's login."""
        store = NativeStore(self.own.clickhouse_reader())
        try:
            yield store
        finally:
            store.close()

    def _has_started(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, f"pulsemon up ended: {self.console}"
        return f"{self.own.ui().origin}/" in self.console


@contextmanager
def running_stack(folder: Path, demo_servers: int = 0, settings: Mapping[str, str] | None = None) -> "Iterator[Stack]":
    """A stack whose dashboard can be opened; Ctrl-C at the end."""
    stack = Stack(folder, demo_servers, settings or {})
    try:
        stack.start()
        yield stack
    finally:
        stack.close()
