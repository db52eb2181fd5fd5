"""``pulsemon key``: who may send metrics to the gateway, and as which server. The log never holds a secret."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NoReturn

import click
from pulsemon_schemas import keys
from pulsemon_schemas.keys import KEY, SCOPES, WRITE_METRICS

from pulsemon_deploy.cli.change_options import change_options
from pulsemon_deploy.cli.duration import Duration
from pulsemon_deploy.cli.key_sync import sync
from pulsemon_deploy.cli.lazy import FOUND_WRONG
from pulsemon_deploy.cli.output import json_option, print_rows
from pulsemon_deploy.installation import installation
from pulsemon_deploy.invocation import as_invoked

if TYPE_CHECKING:
    from pulsemon_deploy.control_log import ControlLog

SERVER = "server"
expires_option = click.option(
    "--expires-in", "expires_in_ms", type=Duration(), help="How long it is good: 90d; for ever unless given."
)
url_option = click.option(
    "--url", default="", help="Where agents reach the gateway; what its settings say unless given."
)
direct_option = click.option(
    "--direct", "is_direct", is_flag=True, help="Also a login of Kafka, where it may write metrics as any server."
)


@click.group()
def key() -> None:
    """Keys: who may send metrics to the gateway, and as which server."""


key.add_command(sync)


@key.command()
@click.argument("server_id")
@click.option(
    "--scope", "scopes", type=click.Choice(sorted(SCOPES)), multiple=True, default=(WRITE_METRICS,), show_default=True
)
@expires_option
@url_option
@direct_option
@change_options
@json_option
def add(
    server_id: str,
    scopes: tuple[str, ...],
    expires_in_ms: int | None,
    url: str,
    is_direct: bool,
    as_json: bool,
    **given: Any,
) -> None:
    """Make a key for a server that is registered, and show it once."""
    from pulsemon_deploy.cli.change_options import intent
    from pulsemon_deploy.cli.key_answer import KeyWish, write_new

    what = intent(given)
    with opened_log() as log:
        if server_id not in log.fold.entities(SERVER):
            text = f"pulsemon: no server {server_id!r} is registered; `pulsemon server add` does both at once"
            click.echo(as_invoked(text), err=True)
            raise click.exceptions.Exit(FOUND_WRONG)
        wish = KeyWish(server_id, frozenset(scopes), expires_in_ms, is_direct)
        write_new(log, what, wish, url, as_json)


@key.command("list")
@click.option("--server", "server_id", help="Only those of this server.")
@json_option
def list_keys(server_id: str | None, as_json: bool) -> None:
    """List the keys, and when gateways last let them in (to a quarter of an hour); none of it is a secret."""
    from pulsemon_deploy.cli.control_rows import instant
    from pulsemon_deploy.cli.key_answer import row
    from pulsemon_deploy.key_uses import last_uses

    with opened_log() as log:
        found = keys.in_force(log.fold)
    used = last_uses(installation(os.environ).kafka("operator"))
    rows = [
        {**row(one, _now_ms()), "last_used": instant(used[one.key_id]) if one.key_id in used else None}
        for one in sorted(found, key=lambda one: (one.server_id, one.key_id))
    ]
    print_rows([one for one in rows if server_id in (None, one["server"])], as_json, "there is no such key")


@key.command()
@click.argument("key_id")
@change_options
@json_option
def revoke(key_id: str, as_json: bool, **given: Any) -> None:
    """End a key at once. Gateways refuse it within a second, Kafka too; nothing can make it good again."""
    from pulsemon_schemas.control import PUT
    from pulsemon_schemas.keys import revoked

    from pulsemon_deploy.cli.change_options import intent, make
    from pulsemon_deploy.cli.key_direct import end_logins
    from pulsemon_deploy.key_changes import body_of

    what = intent(given)
    with opened_log() as log:
        found = keys.of(log.fold, key_id) or _unknown(key_id)
        make(log, what, (KEY, key_id), PUT, body_of(revoked(found)), as_json)
        end_logins(found, revoked(found))


@key.command()
@click.argument("key_id")
@click.option("--grace", "grace_ms", type=Duration(), default="24h", show_default=True, help="0 for one that leaked.")
@url_option
@change_options
@json_option
def rotate(key_id: str, grace_ms: int, url: str, as_json: bool, **given: Any) -> None:
    """Give a key another secret, and show it once; the one before stays good for the grace."""
    from pulsemon_deploy.cli.change_options import intent
    from pulsemon_deploy.cli.key_answer import write_rotated

    what = intent(given)
    with opened_log() as log:
        found = keys.of(log.fold, key_id) or _unknown(key_id)
        if found.is_revoked:
            text = (
                f"pulsemon: the key {key_id} was revoked and stays so; `pulsemon key add {found.server_id}` makes one"
            )
            click.echo(as_invoked(text), err=True)
            raise click.exceptions.Exit(FOUND_WRONG)
        write_rotated(log, what, found, _now_ms(), grace_ms, url, as_json)


@contextmanager
def opened_log() -> "Iterator[ControlLog]":
    """The control log with what it says of servers and keys."""
    from pulsemon_deploy.cli.change_options import CLIENT_ID
    from pulsemon_deploy.control_log import opened

    settings = installation(os.environ).kafka("operator")
    with opened(settings, CLIENT_ID, lambda one: one.entity_type in (KEY, SERVER)) as log:
        yield log


def _unknown(key_id: str) -> NoReturn:
    click.echo(as_invoked(f"pulsemon: no key {key_id!r} is there; `pulsemon key list` shows them"), err=True)
    raise click.exceptions.Exit(FOUND_WRONG)


def _now_ms() -> int:
    return int(time.time() * 1000)
