"""``pulsemon run ROLE``: one role in the foreground, as the supervisor, systemd or a container starts it."""

import os
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

import click
from pulsemon_schemas.errors import SettingsError
from pulsemon_schemas.runtime import notify

from pulsemon_deploy.cli.output import json_option
from pulsemon_deploy.cli.role_process import run_role, start_logging
from pulsemon_deploy.home_lock import used
from pulsemon_deploy.installation import Installation, installation

if TYPE_CHECKING:
    from pulsemon_deploy.kafka import LocalKafka

Ready = Callable[[], None]


@click.group()
def run() -> None:
    """Run one role in the foreground."""


@run.command()
def kafka() -> None:
    """Apache Kafka of this machine; becomes its process."""
    start_logging("kafka")
    own = installation(os.environ)
    if not own.has_own_kafka:
        raise SettingsError(["PULSEMON_KAFKA_BOOTSTRAP is set, so that broker is used and none is started here"])
    with used(own.home, is_kept_by_successor=True):
        _become_kafka(own.local_kafka())


@run.command()
def clickhouse() -> None:
    """The embedded ClickHouse engine of this machine."""
    run_role("clickhouse", _clickhouse)


@run.command()
@click.option("--once", is_flag=True, help="Collect, send nothing, and end; with --print or --json.")
@click.option("--print", "as_table", is_flag=True, help="With --once: print what would be sent, with units.")
@json_option
def agent(once: bool, as_table: bool, as_json: bool) -> None:
    """Metrics of this host to Kafka, or over HTTP to a gateway."""
    from pulsemon_deploy.cli.agent_role import body, show

    if once != (as_table or as_json):
        raise click.UsageError("--once goes with --print or --json, which show what would be sent")
    if once:
        start_logging("agent")
        show(installation(os.environ), as_json)
    else:
        run_role("agent", body)


@run.command()
def processor() -> None:
    """Rules judged in the stream: alerts to Kafka. Several share the partitions."""
    run_role("processor", _processor)


@run.command()
def sink() -> None:
    """Kafka to ClickHouse."""
    run_role("sink", _sink)


@run.command()
def ui() -> None:
    """The dashboard."""
    run_role("ui", _ui)


@run.command()
@click.option(
    "--behind-proxy", is_flag=True, help="Something before it speaks https, so it may listen beyond loopback."
)
def gateway(behind_proxy: bool) -> None:
    """Metrics of other hosts over HTTP, to Kafka."""
    from pulsemon_deploy.cli.gateway_role import body

    run_role("gateway", body(is_behind_proxy=behind_proxy))


@run.command()
@click.option("--servers", type=click.IntRange(min=1), help="How many servers; PULSEMON_SIMULATOR_* sets the rest.")
def simulator(servers: int | None) -> None:
    """Made-up servers to Kafka."""
    from pulsemon_deploy.cli.simulate import body

    run_role("simulator", body(is_history=False, servers=servers))


def _become_kafka(node: "LocalKafka") -> None:
    from pulsemon_deploy.kafka import DOWNLOAD_BYTES, is_resolved

    if not is_resolved(node.cache_folder):
        megabytes = round(DOWNLOAD_BYTES / 1e6)
        notify.status(os.environ, f"downloads Apache Kafka, {megabytes} MB, and prepares it: once, about 20 s")
    node.prepare()
    argv = node.argv()
    os.execve(argv[0], argv, node.environment(os.environ))  # noqa: S606 - a list of ours, no shell


def _clickhouse(own: Installation, stop: threading.Event, ready: Ready) -> None:
    from pulsemon_deploy.clickhouse.server import serve

    if not own.has_own_clickhouse:
        raise SettingsError(["PULSEMON_CLICKHOUSE_* is set, so that server is used and none is started here"])
    serve(own.engine(), stop, ready)


def _sink(own: Installation, stop: threading.Event, ready: Ready) -> None:
    from pulsemon_sinks import sink as role

    from pulsemon_deploy.own_metrics import telling
    from pulsemon_deploy.role_usage import role_samples

    with telling(own, "sink", lambda: role_samples(own.home.state_file)) as tell:
        role.run(own.sink(), own.kafka("sink"), own.clickhouse(), stop, ready, tell)


def _processor(own: Installation, stop: threading.Event, ready: Ready) -> None:
    from pulsemon_stream_processors import processor as role

    role.run(own.processor(), own.kafka("processor"), stop, ready)


def _ui(own: Installation, stop: threading.Event, ready: Ready) -> None:
    from pulsemon_ui import serve as role

    from pulsemon_deploy.own_metrics import telling

    with telling(own, "ui") as tell:
        role.run(own.ui(), own.clickhouse_reader(), stop, ready, tell)
