"""The parts that benchmarks need: a real Kafka, a real engine, a sink, a processor, each a process of its own."""

import http.client
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pulsemon_schemas.errors import TransientError
from pulsemon_schemas.runtime.kafka import KafkaSettings
from pulsemon_schemas.runtime.settings import Secret
from pulsemon_sinks.clickhouse.connection import NativeStore
from pulsemon_sinks.clickhouse.migrate import migrate
from pulsemon_sinks.clickhouse.settings import ClickHouseSettings

from pulsemon_deploy.kafka import LocalKafka, cache_folder, ensure_access
from pulsemon_deploy.kafka.ports import free_ports

START_SECONDS = 60.0
STOP_SECONDS = 20.0
POLL_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Process:
    """A running process."""

    child: subprocess.Popen[bytes]

    @property
    def pid(self) -> int:
        """Its number."""
        return self.child.pid


@contextmanager
def process(argv: Sequence[str], environment: Mapping[str, str], log_file: Path) -> Iterator[Process]:
    """Runs a command for the body; SIGTERM at the end, and kill if that does not help."""
    log_file.parent.mkdir(parents=True, exist_ok=True)
    with log_file.open("ab") as log:
        child = subprocess.Popen(argv, env={**base_environment(), **environment}, stdout=log, stderr=log)
    try:
        yield Process(child)
    finally:
        child.send_signal(signal.SIGTERM)
        try:
            child.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


@contextmanager
def kafka(folder: Path) -> Iterator[LocalKafka]:
    """A broker on free ports with its logins made; topics are up to the caller."""
    node = LocalKafka(folder / "kafka", folder / "logs", folder / "secret", cache_folder(os.environ), *free_ports(2))
    node.prepare()
    with process(node.argv(), node.environment({}), folder / "logs" / "console.log") as broker:
        node.wait_ready(START_SECONDS, lambda: broker.child.poll() is None)
        ensure_access(node.settings_for("admin"), lambda role: node.settings_for(role).password.reveal())
        yield node


@contextmanager
def engine(folder: Path, **environ: str) -> Iterator[tuple[Process, ClickHouseSettings]]:
    """The embedded engine on free ports, with the schema in the database ``bench``. Both logins have one password.

    ``environ`` are further variables of its process.
    """
    port, http_port = free_ports(2)
    password = os.urandom(12).hex()
    environment = {
        **environ,
        "PULSEMON_ENGINE_FOLDER": str(folder / "clickhouse"),
        "PULSEMON_ENGINE_PORT": str(port),
        "PULSEMON_ENGINE_HTTP_PORT": str(http_port),
        "PULSEMON_ENGINE_WRITER_PASSWORD": password,
        "PULSEMON_ENGINE_READER_PASSWORD": password,
    }
    settings = ClickHouseSettings("127.0.0.1", port, http_port, "writer", Secret(password), "bench")
    argv = [sys.executable, "-m", "pulsemon_deploy.clickhouse"]
    with process(argv, environment, folder / "engine.log") as running:
        wait_until(lambda: _answers(http_port) or running.child.poll() is not None, START_SECONDS, "the engine")
        store = NativeStore(settings)
        migrate(settings, store)
        store.close()
        yield running, settings


@contextmanager
def sink(folder: Path, kafka_settings: KafkaSettings, store: ClickHouseSettings, **own: object) -> Iterator[Process]:
    """The sink as its own process; ``own`` are fields of SinkSettings."""
    environment = {
        **kafka_environment(kafka_settings),
        **_environment("PULSEMON_CLICKHOUSE_", store),
        **{f"PULSEMON_SINK_{name.upper()}": str(value) for name, value in own.items()},
    }
    with process([sys.executable, "-m", "pulsemon_sinks"], environment, folder / "sink.log") as running:
        yield running


@contextmanager
def processor(folder: Path, kafka_settings: KafkaSettings, **own: object) -> Iterator[Process]:
    """A worker of the processor as its own process; ``own`` are fields of ProcessorSettings."""
    environment = {
        **kafka_environment(kafka_settings),
        **{f"PULSEMON_PROCESSOR_{name.upper()}": str(value) for name, value in own.items()},
    }
    argv = [sys.executable, "-m", "pulsemon_stream_processors"]
    with process(argv, environment, folder / "processor.log") as running:
        yield running


def kafka_environment(settings: KafkaSettings) -> dict[str, str]:
    """The settings as a role reads them from its environment."""
    return _environment("PULSEMON_KAFKA_", settings)


def wait_until(
    probe: Callable[[], bool], timeout_seconds: float, what: str, poll_seconds: float = POLL_SECONDS
) -> None:
    """Polls until the answer is yes. TransientError with ``what`` at the deadline."""
    deadline = time.monotonic() + timeout_seconds
    while not probe():
        if time.monotonic() > deadline:
            raise TransientError(
                f"{what}: not within {timeout_seconds:.0f} s; its log is in the benchmark's folder", 0.0
            )
        time.sleep(poll_seconds)


def base_environment() -> dict[str, str]:
    """What every child gets: none of our own settings."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PULSEMON_")}


def _answers(http_port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", http_port, timeout=5)
    try:
        connection.request("GET", "/ping")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _environment(prefix: str, settings: KafkaSettings | ClickHouseSettings) -> dict[str, str]:
    values = {name: getattr(settings, name) for name in settings.__slots__}
    return {
        f"{prefix}{name.upper()}": value.reveal() if isinstance(value, Secret) else str(value)
        for name, value in values.items()
        if value != ""
    }
