"""``pulsemon server``: the servers that the control log knows, and what was said about them."""

import os
from typing import Any

import click

from pulsemon_deploy.cli.lazy import FOUND_WRONG
from pulsemon_deploy.cli.output import json_option, print_json, print_rows, print_table
from pulsemon_deploy.installation import installation

SERVER = "server"


@click.group()
def server() -> None:
    """Servers: which are registered, and as what."""


@server.command("list")
@click.option("--environment", help="Only those of this environment.")
@click.option("--role", help="Only those of this role.")
@json_option
def list_servers(environment: str | None, role: str | None, as_json: bool) -> None:
    """List the registered servers. Those that only send metrics are on the dashboard."""
    rows = [
        row
        for row, _ in _all().values()
        if environment in (None, row["environment"]) and role in (None, row["role"])
    ]  # fmt: skip
    print_rows(rows, as_json, "no such server is registered")


@server.command()
@click.argument("server_id")
@json_option
def show(server_id: str, as_json: bool) -> None:
    """Show one server, and every record about it."""
    found = _all().get(server_id)
    if found is None:
        click.echo(f"pulsemon: no server {server_id!r} is registered; `pulsemon server list` shows them", err=True)
        raise click.exceptions.Exit(FOUND_WRONG)
    row, history = found
    if as_json:
        print_json({**row, "history": history})
        return
    print_table([{"field": field, "value": value} for field, value in row.items()])
    click.echo()
    print_table(history)


def _all() -> dict[str, tuple[dict[str, Any], list[dict[str, Any]]]]:
    """Every server that was ever registered, by id: how it is now, and its history."""
    from pulsemon_deploy.cli.change_options import CLIENT_ID
    from pulsemon_deploy.cli.control_rows import history_row, instant
    from pulsemon_deploy.control_log import Change, opened

    settings = installation(os.environ).kafka("operator")
    changes: dict[str, list[Change]] = {}
    with opened(settings, CLIENT_ID, lambda one: one.entity_type == SERVER) as log:
        for change in log.changes:
            changes.setdefault(change.record.entity_id, []).append(change)
        entities = log.fold.entities(SERVER)
    times = {change.offset: change.append_time_ms for change in log.changes}
    return {
        server_id: (
            _row(server_id, entity.body) | {"version": entity.version, "changed_at": instant(times[entity.version])},
            [history_row(change) for change in changes[server_id]],
        )
        for server_id, entity in sorted(entities.items())
    }


def _row(server_id: str, body: Any) -> dict[str, Any]:
    from pulsemon_schemas.rules import parse_profile

    profile = parse_profile(server_id, body)
    return {
        "id": server_id,
        "name": str(body.get("name") or server_id),
        "environment": profile.environment,
        "region": profile.region,
        "role": profile.role,
        "labels": ",".join(f"{key}={value}" for key, value in sorted(profile.labels.items())),
    }
