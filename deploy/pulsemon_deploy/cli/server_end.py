"""``pulsemon server retire`` and ``purge``: it is watched no more; it was never there."""

import json
import os
import sys
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any, NoReturn

import click

from pulsemon_deploy.cli.change_options import change_options
from pulsemon_deploy.cli.duration import Duration
from pulsemon_deploy.cli.lazy import FOUND_WRONG, WRONG_USAGE
from pulsemon_deploy.cli.output import json_option, print_json, print_table
from pulsemon_deploy.installation import Installation, installation
from pulsemon_deploy.invocation import as_invoked

if TYPE_CHECKING:
    from pulsemon_schemas.keys import Key

    from pulsemon_deploy.cli.change_options import Intent
    from pulsemon_deploy.control_log import ControlLog

ADMIN = "admin"


@click.command("retire")
@click.argument("server_id")
@click.option("--keep-keys", is_flag=True, help="Let its keys be good; else they are revoked.")
@change_options
@json_option
def retire_server(server_id: str, keep_keys: bool, as_json: bool, **given: Any) -> None:
    """End the watch over a server: its alerts expire, its keys end, its history stays."""
    from pulsemon_schemas.control import PUT, SERVER
    from pulsemon_schemas.keys import KEY, revoked

    from pulsemon_deploy.cli.change_options import intent, made, make
    from pulsemon_deploy.cli.key import opened_log
    from pulsemon_deploy.cli.key_direct import end_logins
    from pulsemon_deploy.key_changes import body_of
    from pulsemon_deploy.purge import keys_of, retired_body

    what = intent(given)
    with opened_log() as log:
        entity = log.fold.entities(SERVER).get(server_id)
        if entity is None:
            _fail(f"no server {server_id!r} is registered; `pulsemon server list` shows them", FOUND_WRONG)
        make(log, what, (SERVER, server_id), PUT, retired_body(entity.body), as_json)
        for key in () if keep_keys else keys_of(log.fold, server_id):
            if not key.is_revoked:
                made(log, replace(what, expected_version=None), (KEY, key.key_id), PUT, body_of(revoked(key)), as_json)
                end_logins(key, revoked(key))
                if not as_json:
                    click.echo(f"key {key.key_id} is revoked")


@click.command("purge")
@click.argument("server_id")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option(
    "--wait", "wait_ms", type=Duration(), default="30s", show_default=True, help="For processor and sink, each."
)
@change_options
@json_option
def purge_server(server_id: str, yes: bool, wait_ms: int, as_json: bool, **given: Any) -> None:
    """Delete a server with all of its history, and print a receipt. It cannot be undone; asked again, it goes on.

    Stop its agent first: what is sent afterwards by somebody who may write is stored as that of a new server.
    """
    from pulsemon_deploy.cli.change_options import intent
    from pulsemon_deploy.cli.key import opened_log
    from pulsemon_deploy.purge import keys_of

    what = intent(given)
    own = installation(os.environ)
    if not yes:
        _ask(server_id)
    with opened_log() as log:
        found = keys_of(log.fold, server_id)
        version = _written(log, what, server_id, as_json)
    receipt = {"server_id": server_id, "version": version, **_done(own, server_id, found, wait_ms / 1000)}
    _print(receipt, as_json)
    if receipt["again"]:
        sys.exit(FOUND_WRONG)


def _written(log: "ControlLog", what: "Intent", server_id: str, as_json: bool) -> int:
    """The version that purged it, this or an earlier one."""
    from pulsemon_schemas.control import PURGED, SERVER

    from pulsemon_deploy.cli.change_options import made
    from pulsemon_deploy.purge import is_purged

    if is_purged(log.fold, server_id):
        return log.fold.version(SERVER, server_id)
    return made(log, what, (SERVER, server_id), PURGED, "", as_json)


def _done(own: Installation, server_id: str, found: "list[Key]", wait_seconds: float) -> dict[str, Any]:
    """Everything behind the control record, as the receipt tells it. ``again``: why the command is to be repeated."""
    from pulsemon_schemas.topics import ALERTS, ALERTS_SHADOW, METRICS, SERVER_STATE
    from pulsemon_sinks.settings import ENVIRONMENT_PREFIX, SinkSettings

    from pulsemon_deploy.purge import delete_stored, end_logins, ends, wait_for_processor, wait_for_sink
    from pulsemon_deploy.purge_receipt import utc_now, what_stays

    admin = own.kafka(ADMIN)
    logins = end_logins(admin, found)
    topics = wait_for_processor(admin, server_id, wait_seconds)
    groups = own.config.load(SinkSettings, ENVIRONMENT_PREFIX).groups
    of_server = (METRICS.name, ALERTS.name, ALERTS_SHADOW.name, SERVER_STATE.name)
    behind = wait_for_sink(admin, groups, ends(admin, of_server, server_id), wait_seconds)
    deleted = delete_stored(own.clickhouse(), server_id)
    again = [f"{one.left} rows came into {one.table} meanwhile" for one in deleted if one.left]
    if not topics.is_done:
        again.append("the processor has not ended it yet: does it run?")
    if behind:
        again.append(f"the sink has still to store records of {', '.join(behind)}, which may be of it: does it run?")
    at = utc_now()
    return {
        "at": at,
        "keys": sorted(key.key_id for key in found),
        "logins": sorted(logins),
        "deleted": [{"table": one.table, "rows": one.rows} for one in deleted],
        "keys_left_in_topics": topics.keys,
        "stays": [asdict(one) for one in what_stays(at)],
        "again": again,
    }


def _print(receipt: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(json.loads(json.dumps(receipt, default=lambda time: time.isoformat())))
        return
    click.echo(f"server {receipt['server_id']} is purged: version {receipt['version']} of {receipt['at']:%F %T} UTC\n")
    print_table(receipt["deleted"])
    for what in ("keys", "logins"):
        if receipt[what]:
            click.echo(f"\n{what} that open nothing any more: {' '.join(receipt[what])}")
    left = [f"{topic}: {count}" for topic, count in receipt["keys_left_in_topics"].items() if count]
    click.echo(f"\nstates in the topics: {', '.join(left) if left else 'ended by tombstones'}\n\nwhat stays:")
    print_table([{**one, "until": f"{one['until']:%F %H:%M}" if one["until"] else None} for one in receipt["stays"]])
    for why in receipt["again"]:
        click.echo(as_invoked(f"\nnot all is done: {why}; `pulsemon server purge {receipt['server_id']}` goes on"))


def _ask(server_id: str) -> None:
    if not sys.stdin.isatty():
        _fail(f"nothing was purged: say --yes to delete {server_id} with all of its history", WRONG_USAGE)
    said = click.prompt(f"This deletes {server_id} with all of its history, for good. Type its id", default="")
    if said != server_id:
        _fail("nothing was purged: that is another id", FOUND_WRONG)


def _fail(sentence: str, exit_code: int) -> NoReturn:
    click.echo(as_invoked(f"pulsemon: {sentence}"), err=True)
    raise click.exceptions.Exit(exit_code)
