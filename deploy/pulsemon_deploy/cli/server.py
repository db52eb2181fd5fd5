"""``pulsemon server``: the servers that the control log knows, and what was said about them.

How they are is not in that log but in the store: what it does not tell is left open, and the servers are listed.
"""

import os
from typing import Any

import click
from pulsemon_schemas.errors import PulsemonError

from pulsemon_deploy.cli.as_of import as_of_option, entities_as_of
from pulsemon_deploy.cli.lazy import FOUND_WRONG
from pulsemon_deploy.cli.output import json_option, print_json, print_rows, print_table
from pulsemon_deploy.cli.server_add import add_server
from pulsemon_deploy.cli.server_end import purge_server, retire_server
from pulsemon_deploy.errors import one_line
from pulsemon_deploy.extras import missing_extra
from pulsemon_deploy.installation import installation
from pulsemon_deploy.invocation import as_invoked

SERVER = "server"
UNTOLD: dict[str, Any] = {"status": None, "last_seen": None}


@click.group()
def server() -> None:
    """Servers: which are registered, and as what."""


server.add_command(add_server)
server.add_command(retire_server)
server.add_command(purge_server)


@server.command("list")
@click.option("--environment", help="Only those of this environment.")
@click.option("--role", help="Only those of this role.")
@as_of_option
@json_option
def list_servers(environment: str | None, role: str | None, as_of_ms: int | None, as_json: bool) -> None:
    """List the registered servers and how they are. Those that only send metrics are on the dashboard.

    With --as-of: those that were registered then, as what was said of them then; not how they were.
    """
    rows = [
        row
        for row in (_now() if as_of_ms is None else _then(as_of_ms))
        if environment in (None, row["environment"]) and role in (None, row["role"])
    ]
    if as_of_ms is not None:
        print_rows(rows, as_json, "no such server was registered then")
        return
    said = _said() if rows else {}
    print_rows([row | said.get(row["id"], UNTOLD) for row in rows], as_json, "no such server is registered")


@server.command()
@click.argument("server_id")
@json_option
def show(server_id: str, as_json: bool) -> None:
    """Show one server, how it is, and every record about it."""
    found = _all().get(server_id)
    if found is None:
        text = f"pulsemon: no server {server_id!r} is registered; `pulsemon server list` shows them"
        click.echo(as_invoked(text), err=True)
        raise click.exceptions.Exit(FOUND_WRONG)
    row, history = found
    row |= _said().get(server_id, UNTOLD)
    if as_json:
        print_json({**row, "history": history})
        return
    print_table([{"field": field, "value": value} for field, value in row.items()])
    click.echo()
    print_table(history)


def _now() -> list[dict[str, Any]]:
    return [row for row, _ in _all().values()]


def _then(at_ms: int) -> list[dict[str, Any]]:
    return [
        _row(one.entity_id, one.body) | {"version": one.version, "author": one.author}
        for one in entities_as_of(SERVER, at_ms)
    ]


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


def _said() -> dict[str, dict[str, Any]]:
    """Status and last sight of each server by id; nothing, and a line about it, if the store is away.

    The processor speaks of a server when its status changes; when it was seen last, its data say.
    """
    from pulsemon_deploy.cli.control_rows import instant
    from pulsemon_deploy.cli.store import asking

    try:
        from pulsemon_sinks.reader.alerts import server_states
        from pulsemon_sinks.reader.servers import last_seen_ms

        with asking() as ask:
            states, seen = server_states(ask), last_seen_ms(ask)
    except ModuleNotFoundError as error:
        if (sentence := missing_extra(error)) is None:
            raise
        return _untold(sentence)
    except PulsemonError as error:
        return _untold(error)
    statuses = {server_id: one.status for server_id, one in states.items()}
    return {
        server_id: {
            "status": statuses.get(server_id),
            "last_seen": instant(seen[server_id]) if server_id in seen else None,
        }
        for server_id in statuses.keys() | seen.keys()
    }


def _untold(error: PulsemonError) -> dict[str, dict[str, Any]]:
    click.echo(as_invoked(f"note: how the servers are is not known: {one_line(error)}"), err=True)
    return {}


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
