"""An agent as a process of its own, to be killed, whose collector keeps a ledger of what it has collected.

``python -m support.agent_process SAMPLES LEDGER TOPIC`` with the settings in the environment.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pulsemon_producers.agent import serve
from pulsemon_producers.collectors.base import Collector, Point, Tick, counter
from pulsemon_producers.collectors.host import Host
from pulsemon_producers.settings import ENVIRONMENT_PREFIX, AgentSettings
from pulsemon_producers.spool.segments import Segments
from pulsemon_producers.spool.state import SpoolStateFile
from pulsemon_producers.transports import open_publisher
from pulsemon_schemas.runtime.kafka import ENVIRONMENT_PREFIX as KAFKA_PREFIX
from pulsemon_schemas.runtime.kafka import KafkaSettings
from pulsemon_schemas.runtime.settings import load
from support.waiting import wait_until

METRIC = "system.network.io"
END_SECONDS = 20.0


class Ledger(Collector):
    """Yields ``samples`` values that follow from the tick, once its moment is in the ledger."""

    name = "ledger"

    def __init__(self, host: Host, samples: int, path: Path) -> None:
        super().__init__(host)
        self._samples = samples
        self._handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def collect(self, tick: Tick) -> Iterable[Point]:
        points = [
            counter(
                METRIC,
                value(tick.recorded_at_ms, number),
                {"network.interface.name": f"e{number:05}", "direction": "receive"},
            )
            for number in range(self._samples)
        ]
        os.write(self._handle, f"{tick.recorded_at_ms}\n".encode())
        return points


def value(recorded_at_ms: int, number: int) -> float:
    """What the ledger's series of that number has at that moment."""
    return recorded_at_ms / 1000 + number / 1e4


@dataclass
class AgentProcess:
    """One agent, started again and again with one state folder."""

    folder: Path
    environment: Mapping[str, str]
    samples: int
    topic: str = "-"
    process: "subprocess.Popen[bytes] | None" = None
    kills: list[int] = field(default_factory=list)
    """The last moment in the ledger at each kill."""

    @property
    def ledger(self) -> list[int]:
        """Every moment that was collected."""
        path = self.folder / "ledger"
        return [int(line) for line in path.read_text().split()] if path.exists() else []

    @property
    def log(self) -> str:
        return (self.folder / "agent.log").read_text()

    def start(self) -> None:
        assert self.process is None or self.process.poll() is not None
        argv = [sys.executable, "-m", "support.agent_process", str(self.samples), str(self.folder / "ledger")]
        with (self.folder / "agent.log").open("ab") as log:
            self.process = subprocess.Popen(
                [*argv, self.topic],
                env={"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path), **self.environment},
                stdout=log,
                stderr=log,
            )

    def wait_ticks(self, count: int, timeout_seconds: float = 30.0) -> None:
        """Until so many more ticks were collected."""
        wanted = len(self.ledger) + count
        wait_until(lambda: len(self.ledger) >= wanted, timeout_seconds, f"{count} ticks")

    def wait_written(self) -> None:
        """Until all that was collected is in the spool: a kill from then on finds it there."""
        folder = Path(self.environment["PULSEMON_AGENT_STATE_DIR"]) / "spool"
        last = max(self.ledger)

        def is_written() -> bool:
            state = SpoolStateFile(folder).load()
            assert state is not None
            is_used = any(run.first_ms <= last <= run.last_ms for run in state.used.runs)
            return is_used and Segments(folder, 1 << 30).last() >= state.put

        wait_until(is_written, 10.0, "the last tick to be in the spool")

    def kill(self) -> None:
        """kill -9 at any moment."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(END_SECONDS)
        self.kills.append(max(self.ledger, default=0))

    def stop(self) -> int:
        """SIGTERM; the exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(END_SECONDS)

    def close(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait(END_SECONDS)


def main() -> None:
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    samples, ledger, topic = sys.argv[1:]
    settings = load(AgentSettings, ENVIRONMENT_PREFIX, os.environ)
    kafka = load(KafkaSettings, KAFKA_PREFIX, os.environ) if settings.transport == "kafka" else None
    host = Host()
    publisher = open_publisher(settings, kafka, topic)
    begun = time.monotonic()
    serve(
        settings,
        publisher,
        stop,
        lambda: print(f"ready after {time.monotonic() - begun:.1f} s", flush=True),
        host,
        [Ledger(host, int(samples), Path(ledger))],
    )


if __name__ == "__main__":
    main()
