"""The roles of one machine, in the order of starting: what needs what, and how each shows that it works."""

import sys
from pathlib import Path

from pulsemon_deploy.installation import Installation
from pulsemon_deploy.settings import HOME_SETTING
from pulsemon_deploy.supervisor.role import Readiness, Role

# The first start downloads Kafka and makes its start-up cache.
KAFKA_START_SECONDS = 600.0
HISTORY_SECONDS = 900.0
# A task waits a minute for an outside broker or store before it says that it is away.
TASK_SECONDS = 180.0
# After so long without a turn of its loop a role is taken for hung. The sink may wait two minutes for ClickHouse, and
# does so for one topic after the other.
WATCHDOG_SECONDS = 180.0
SINK_WATCHDOG_SECONDS = 900.0


def plan(installation: Installation, demo_servers: int = 0) -> tuple[Role, ...]:
    """Everything that ``pulsemon up`` runs; with simulated servers if asked for."""
    kafka = (_kafka(installation),) if installation.has_own_kafka else ()
    clickhouse = (_clickhouse(installation),) if installation.has_own_clickhouse else ()
    broker = tuple(role.name for role in kafka)
    engine = tuple(role.name for role in clickhouse)
    return (
        *kafka,
        *clickhouse,
        _task(installation, "topics", ("topic", "ensure", "--register-host"), broker),
        _task(installation, "migrate", ("migrate",), engine),
        *(_history(installation, demo_servers) if demo_servers else ()),
        _service(installation, "ui", ("migrate",)),
        _service(installation, "sink", ("topics", "migrate"), SINK_WATCHDOG_SECONDS),
        _service(installation, "processor", ("topics",), WATCHDOG_SECONDS),
        _service(installation, "gateway", ("topics",), WATCHDOG_SECONDS),
        _service(installation, "agent", ("topics",), WATCHDOG_SECONDS),
        *(_simulator(installation, demo_servers) if demo_servers else ()),
    )


def command(*arguments: str) -> tuple[str, ...]:
    """The command line of this program, whatever the PATH says."""
    return (sys.executable, "-m", "pulsemon_deploy.cli", *arguments)


def _kafka(installation: Installation) -> Role:
    return Role(
        "kafka",
        command("run", "kafka"),
        Readiness.PORT,
        port=installation.local.kafka_port,
        environ=_environ(installation),
        start_seconds=KAFKA_START_SECONDS,
        stop_seconds=20.0,
        output_file="kafka-console.log",  # the broker writes and bounds kafka.log itself
        log_file="kafka.log",
    )


def _clickhouse(installation: Installation) -> Role:
    return Role("clickhouse", command("run", "clickhouse"), environ=_environ(installation), stop_seconds=25.0)


def _task(installation: Installation, name: str, arguments: tuple[str, ...], needs: tuple[str, ...]) -> Role:
    environ = _environ(installation)
    return Role(
        name,
        command(*arguments),
        Readiness.EXIT,
        needs=needs,
        follows=needs,
        environ=environ,
        start_seconds=TASK_SECONDS,
    )


def _service(installation: Installation, name: str, needs: tuple[str, ...], watchdog_seconds: float = 0.0) -> Role:
    """The loops of those with a watchdog do the work themselves; the dashboard's and the engine's threads only wait."""
    environ = _environ(installation)
    return Role(name, command("run", name), needs=needs, environ=environ, watchdog_seconds=watchdog_seconds)


def _history(installation: Installation, servers: int) -> tuple[Role, ...]:
    arguments = ("simulate", "--history", "--servers", str(servers))
    return (
        Role(
            "history",
            command(*arguments),
            Readiness.EXIT,
            needs=("topics", "migrate"),
            environ=_environ(installation),
            start_seconds=HISTORY_SECONDS,
            is_awaited=False,  # the newest hours come first: there is something to see meanwhile
        ),
    )


def _simulator(installation: Installation, servers: int) -> tuple[Role, ...]:
    arguments = ("run", "simulator", "--servers", str(servers))
    environ = _environ(installation)
    return (
        Role("simulator", command(*arguments), needs=("topics",), environ=environ, watchdog_seconds=WATCHDOG_SECONDS),
    )


def _environ(installation: Installation) -> dict[str, str]:
    """The home as found here, so that no role finds another; glibc's memory pools are for programs of another kind."""
    return {HOME_SETTING: str(Path(installation.home.root)), "MALLOC_ARENA_MAX": "2"}
