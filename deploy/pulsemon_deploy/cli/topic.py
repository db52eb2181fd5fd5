"""``pulsemon topic``: the topics as data, on the broker, and how other programs reach them."""

import os
import socket
from dataclasses import asdict

import click
from pulsemon_schemas import topics
from pulsemon_schemas.topics import Topic

from pulsemon_deploy.cli.output import json_option, print_json, print_rows, print_table
from pulsemon_deploy.cli.role_process import start_logging
from pulsemon_deploy.installation import Installation, installation

READY_SECONDS = 60.0
ADMIN = "admin"
REGISTRATION_GROUP = "pulsemon-operator-registration"


@click.group()
def topic() -> None:
    """Topics of Kafka, and how other clients reach them."""


@topic.command("list")
@json_option
def list_topics(as_json: bool) -> None:
    """List the topics of Pulse Monitor, from its own data. `show` says who writes and reads one."""
    rows = [_row(one) for one in topics.TOPICS]
    print_rows(rows if as_json else [_without_roles(row) for row in rows], as_json)


@topic.command()
@click.argument("name")
@json_option
def show(name: str, as_json: bool) -> None:
    """Show one topic: its data, and its partitions on the broker."""
    from pulsemon_deploy.topic_offsets import partition_ranges

    found = _topic(name)
    ranges = partition_ranges(installation(os.environ).kafka(ADMIN), found.name)
    rows: list[dict[str, object]] = [asdict(one) for one in ranges]
    if as_json:
        print_json({**_row(found), "config": dict(found.config), "offsets": rows})
        return
    print_table([{"field": field, "value": value} for field, value in {**_row(found), **found.config}.items()])
    click.echo()
    print_table(rows, "the broker does not have this topic: `pulsemon topic ensure` makes it")


@topic.command("client-config")
@click.option("--role", default="operator", show_default=True, help="Whose login.")
@click.option("--env", "as_environment", is_flag=True, help="As variables for programs that use the library.")
def client_config(role: str, as_environment: bool) -> None:
    """Print what kcat and other librdkafka clients need; it holds a password.

    \b
    pulsemon topic client-config > kcat.conf
    kcat -F kcat.conf -L
    pulsemon topic client-config --role bridge --env > bridge.env
    """
    from pulsemon_deploy.kafka import client_config_text, client_environment_text

    if role not in topics.ROLES | {ADMIN}:
        choices = ", ".join(sorted(topics.ROLES | {ADMIN}))
        raise click.BadParameter(f"there is no role {role!r}: choose one of {choices}", param_hint="--role")
    text = client_environment_text if as_environment else client_config_text
    click.echo(text(installation(os.environ).kafka(role)), nl=False)


@topic.command()
@click.option(
    "--register-host", is_flag=True, help="Also write this host, and the token of its operator, if they are new."
)
def ensure(register_host: bool) -> None:
    """Create what is missing on the broker; on this machine's own also logins and access.

    Rules that come with Pulse Monitor and were never in the control log are written there, too.
    """
    from pulsemon_deploy.kafka import ensure_access, ensure_topics, wait_ready

    start_logging("topics")
    own = installation(os.environ)
    admin = own.kafka(ADMIN)
    wait_ready(admin, READY_SECONDS)
    changes = ensure_topics(admin, own.local.partitions)
    if own.has_own_kafka:
        ensure_access(admin, lambda role: own.kafka(role).password.reveal())
    _register_default_rules(own)
    if register_host:
        _register_host(own)
        _register_operator(own)
    click.echo(f"topics: {len(changes.created)} created, {len(changes.altered)} set right")


def _register_default_rules(own: Installation) -> None:
    from pulsemon_deploy.registration import register_default_rules

    if written := register_default_rules(own.kafka("operator"), REGISTRATION_GROUP):
        click.echo(f"rules now in force: {', '.join(written)}")


def _register_host(own: Installation) -> None:
    from pulsemon_deploy.registration import register

    server_id = own.agent().server_id
    body = {"name": socket.gethostname(), "environment": "local", "region": "", "role": "", "labels": {}}
    if register(own.kafka("operator"), REGISTRATION_GROUP, {server_id: body}, "pulsemon up"):
        click.echo(f"registered this host as {server_id}")


def _register_operator(own: Installation) -> None:
    from pulsemon_deploy.local_operator import first_record
    from pulsemon_deploy.registration import write_first

    record = first_record(own.operator_token(), socket.gethostname())
    if write_first(own.kafka("operator"), REGISTRATION_GROUP, [record]):
        click.echo("registered the token of this home's operator")


def _topic(name: str) -> Topic:
    try:
        return topics.topic(name if name.startswith("pulsemon.") else f"pulsemon.{name}")
    except KeyError as error:
        known = ", ".join(one.name for one in topics.TOPICS)
        raise click.BadParameter(f"there is no topic {name!r}: choose one of {known}", param_hint="NAME") from error


def _without_roles(row: dict[str, object]) -> dict[str, object]:
    """As wide as a terminal."""
    return {field: value for field, value in row.items() if field not in ("writers", "readers")}


def _row(one: Topic) -> dict[str, object]:
    retention_ms = int(one.config.get("retention.ms", -1))
    days = f"{retention_ms / 86_400_000:g} d" if retention_ms > 0 else "for ever"
    kept = "newest of a key" if one.config.get("cleanup.policy") == "compact" else days
    return {
        "name": one.name,
        "key": one.key,
        "record": one.record or "-",
        "partitions": str(one.partitions or "N"),
        "kept": kept,
        "writers": sorted(one.writers),
        "readers": sorted(one.readers),
    }
