"""A dashboard in a process of its own, over a fleet that the test steers by a file, or over a real store.

``python -m support.dashboards ACCESS_FILE PORT STEERING_FILE`` serves until SIGTERM.
"""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pulsemon_deploy.kafka.ports import free_ports
from pulsemon_ui.access import make_link
from pulsemon_ui.settings import UiSettings
from support.waiting import wait_until

START_SECONDS = 60.0
STOP_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class ServedDashboard:
    """A dashboard that is being served. ``steer`` changes what its fleet says."""

    settings: UiSettings
    process: "subprocess.Popen[bytes]"
    folder: Path

    @property
    def origin(self) -> str:
        return self.settings.origin

    def link(self) -> str:
        """A new one-time link."""
        return make_link(self.settings)

    def steer(self, **changes: Any) -> None:
        """What SteeredRepository reads; nothing means the plain small fleet."""
        draft = self.folder / "steering.draft"
        draft.write_text(json.dumps(changes))
        draft.replace(self.folder / "steering")

    @property
    def console(self) -> str:
        return (self.folder / "console.log").read_text()


@contextmanager
def served(folder: Path) -> Iterator[ServedDashboard]:
    """A dashboard whose pages can be opened; ended by SIGTERM at the end."""
    (port,) = free_ports(1)
    settings = UiSettings(folder / "access", port=port)
    (folder / "steering").write_text("{}")
    dashboard = ServedDashboard(settings, start(settings, folder), folder)
    try:
        wait_until(lambda: _is_ready(dashboard), START_SECONDS, "the dashboard is ready")
        yield dashboard
    finally:
        dashboard.process.terminate()
        dashboard.process.wait(STOP_SECONDS)


def start(settings: UiSettings, folder: Path) -> "subprocess.Popen[bytes]":
    """Starts the process and does not wait."""
    argv = [
        sys.executable,
        "-m",
        "support.dashboards",
        str(settings.access_file),
        str(settings.port),
        str(folder / "steering"),
    ]
    environ = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}
    with (folder / "console.log").open("ab") as console:
        return subprocess.Popen(argv, env=environ, stdout=console, stderr=console, cwd=folder)


def _is_ready(dashboard: ServedDashboard) -> bool:
    assert dashboard.process.poll() is None, f"the dashboard ended: {dashboard.console[-3000:]}"
    return "READY" in dashboard.console


def main(access_file: str, port: str, steering: str) -> None:
    """Serves."""
    from pulsemon_ui.serve import serve
    from support.fleets import SteeredRepository

    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    settings = UiSettings(Path(access_file), port=int(port))
    serve(settings, SteeredRepository(Path(steering)), stop, lambda: print("READY", flush=True))


if __name__ == "__main__":
    main(*sys.argv[1:])
