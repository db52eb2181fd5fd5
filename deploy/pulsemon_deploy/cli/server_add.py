"""``pulsemon server add``: a server and its key, made by an operator."""

import json
from typing import Any

import click
from pulsemon_schemas.keys import WRITE_METRICS

from pulsemon_deploy.cli.change_options import change_options
from pulsemon_deploy.cli.key import SERVER, direct_option, expires_option, opened_log, url_option
from pulsemon_deploy.cli.label_options import label_option, labels_of
from pulsemon_deploy.cli.lazy import FOUND_WRONG
from pulsemon_deploy.cli.output import json_option
from pulsemon_deploy.invocation import as_invoked

MAX_ID_CHARACTERS = 253


@click.command("add")
@click.argument("server_id")
@click.option("--name", default="", help="What people call it; its id unless given.")
@click.option("--environment", default="", help="Such as production.")
@click.option("--region", default="", help="Where it is.")
@click.option("--role", default="", help="What it does.")
@label_option
@expires_option
@url_option
@direct_option
@change_options
@json_option
def add_server(
    server_id: str,
    labels: tuple[str, ...],
    expires_in_ms: int | None,
    url: str,
    is_direct: bool,
    as_json: bool,
    **given: Any,
) -> None:
    """Register a server, make its key, and show the line that starts its agent. The key is shown this once."""
    from pulsemon_schemas.control import PUT

    from pulsemon_deploy.cli.change_options import intent, made
    from pulsemon_deploy.cli.key_answer import KeyWish, write_new

    what = intent(given)
    _check(server_id)
    body = {name: value for name, value in given.items() if value} | {"labels": labels_of(labels)}
    with opened_log() as log:
        if server_id in log.fold.entities(SERVER):
            text = f"pulsemon: {server_id} is registered already; `pulsemon key add {server_id}` makes a key for it"
            click.echo(as_invoked(text), err=True)
            raise click.exceptions.Exit(FOUND_WRONG)
        made(log, what, (SERVER, server_id), PUT, json.dumps(body, sort_keys=True, separators=(",", ":")), as_json)
        if not as_json:
            click.echo(f"server {server_id} is registered")
        key_intent = type(what)(what.reason, what.on_behalf_of, what.change_id, None)
        wish = KeyWish(server_id, frozenset({WRITE_METRICS}), expires_in_ms, is_direct)
        write_new(log, key_intent, wish, url, as_json)


def _check(server_id: str) -> None:
    if not 0 < len(server_id) <= MAX_ID_CHARACTERS or server_id.startswith("_") or not server_id.isprintable():
        raise click.BadParameter(f"use 1 to {MAX_ID_CHARACTERS} characters, no _ first", param_hint="SERVER_ID")
