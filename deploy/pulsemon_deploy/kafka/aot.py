"""The start-up cache of the Java runtime (JDK 25, AOT): made once by a training run, it halves a broker's start."""

import hashlib
import logging
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from pulsemon_schemas.errors import PulsemonError
from pulsemon_schemas.runtime.kafka import KafkaSettings

from pulsemon_deploy.kafka import java
from pulsemon_deploy.kafka.cache import exclusive
from pulsemon_deploy.kafka.child import start_child
from pulsemon_deploy.kafka.jars import Jars
from pulsemon_deploy.kafka.ports import free_ports
from pulsemon_deploy.kafka.training import exercise

logger = logging.getLogger(__name__)

READY_SECONDS = 60.0
# The runtime writes the cache while it ends.
EXIT_SECONDS = 90.0
# What of the cache does not fit is made anew in memory; telling so at each start helps nobody.
_QUIET = ("-Xlog:aot*=off", "-Xlog:cds*=off")


class TrainingNode(Protocol):
    """What a training run needs of a node."""

    def lay_out(self) -> None:
        """Writes the node's folder."""

    def training_argv(self, output: Path) -> list[str]:
        """The command line that writes the cache to ``output`` at its end."""

    def wait_ready(self, timeout_seconds: float, is_alive: Callable[[], bool]) -> None:
        """Returns once the node answers; raises PulsemonError."""

    def settings_for(self, role: str) -> KafkaSettings:
        """The login of a role."""


MakeNode = Callable[[Path, Path, tuple[int, int]], TrainingNode]
"""A node from an empty folder, the cache folder, and a port for clients and one for the controller."""


def path_for(jars: Jars, cache: Path) -> Path:
    """Where the cache lies of these jars, this Java version and these flags: another of the three is another file.

    The runtime also refuses a cache whose jars were moved or have another time of change, so both are in the name.
    """
    changed = [str((jars.folder / name).stat().st_mtime_ns) for name in jars.names]
    parts = (jars.class_path, *changed, java.java_version(), *java.FLAGS)
    return cache / f"{jars.folder.name}-{hashlib.sha256(chr(10).join(parts).encode()).hexdigest()[:12]}.aot"


def use_flags(jars: Jars, cache: Path) -> tuple[str, ...]:
    """The flags of an ordinary run. A cache that does not fit is passed over by the runtime."""
    path = path_for(jars, cache)
    return (f"-XX:AOTCache={path}", *_QUIET) if path.exists() else ()


def training_flags(output: Path) -> tuple[str, ...]:
    """The flags of a run that writes the cache when it ends."""
    return (f"-XX:AOTCacheOutput={output}", *_QUIET)


def ensure(jars: Jars, cache: Path, make_node: MakeNode) -> Path | None:
    """The cache, made now if there is none. None if that failed: the broker then starts without, a second later."""
    path = path_for(jars, cache)
    with exclusive(cache, path.name):
        if not path.exists():
            try:
                _train(path, cache, make_node)
            except (PulsemonError, OSError, subprocess.SubprocessError) as error:
                logger.warning("No start-up cache for Kafka, each start takes a second longer: %s", error)
                return None
    return path


def _train(path: Path, cache: Path, make_node: MakeNode) -> None:
    started = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=cache))
    try:
        client_port, controller_port = free_ports(2)
        output = folder / path.name
        _run(make_node(folder, cache, (client_port, controller_port)), output, folder / "output")
        if not output.exists():
            raise FileNotFoundError(f"the training run wrote none: {(folder / 'output').read_text()[-500:]!r}")
        output.rename(path)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    logger.info("Start-up cache for Kafka made in %.1f s", time.monotonic() - started)


def _run(node: TrainingNode, output: Path, console: Path) -> None:
    node.lay_out()
    process = start_child(node.training_argv(output), java.java_environment({}), console)
    try:
        node.wait_ready(READY_SECONDS, lambda: process.poll() is None)
        exercise(node.settings_for("admin"))
        process.send_signal(signal.SIGTERM)
        process.wait(EXIT_SECONDS)
    finally:
        process.kill()
        process.wait()
