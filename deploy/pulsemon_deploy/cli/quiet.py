"""``pulsemon silence`` and ``pulsemon maintenance``: when alerts page nobody, once or again and again."""

import os
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NoReturn

import click
from pulsemon_schemas.rules import LEVELS
from pulsemon_schemas.rules.quiet import MAINTENANCE, SILENCE

from pulsemon_deploy.cli.change_options import change_options
from pulsemon_deploy.cli.duration import Duration
from pulsemon_deploy.cli.lazy import FOUND_WRONG, WRONG_USAGE
from pulsemon_deploy.cli.moment import Moment
from pulsemon_deploy.cli.output import json_option, print_rows
from pulsemon_deploy.installation import installation
from pulsemon_deploy.invocation import as_invoked

if TYPE_CHECKING:
    from pulsemon_deploy.control_log import ControlLog

EXAMPLES = """

    \b
    pulsemon {kind} add --scope server=web-1 --for 2h --comment 'new disks'
    pulsemon {kind} add nightly --scope role=db --rrule 'FREQ=WEEKLY;BYDAY=SU' \\
        --starts-at 2026-11-01T02:00 --zone Europe/Berlin --lasts 2h
"""


def quiet_group(kind: str, what: str) -> click.Group:
    """The commands of one of both."""

    @click.group(kind, help=what)
    def group() -> None:
        return

    for make in (_add, _list, _end):
        group.add_command(make(kind))
    return group


def _add(kind: str) -> click.Command:
    @click.command(help=f"Begin a {kind}; its id is made up unless given.{EXAMPLES.format(kind=kind)}")
    @click.argument("entity_id", required=False, metavar="[ID]")
    @click.option(
        "--scope", default="", metavar="KIND[=VALUE]", help="For whom: global, environment=prod, server=web-1."
    )
    @click.option(
        "--scope-label", "scope_labels", multiple=True, metavar="LABEL=VALUE", help="For a scope with labels."
    )
    @click.option("--rule", "rule_id", default="", help="Only alerts of this rule.")
    @click.option("--level", "levels", type=click.Choice(LEVELS), multiple=True, help="Only alerts of these levels.")
    @click.option("--comment", default="", help="What people should know.")
    @click.option("--from", "from_ms", type=Moment(), help="When it begins, UTC without an offset; now unless given.")
    @click.option("--until", "until_ms", type=Moment(), help="When it ends.")
    @click.option("--for", "for_ms", type=Duration(), help="How long: 2h.")
    @click.option("--rrule", default="", help="When it comes again, by RFC 5545.")
    @click.option("--starts-at", default="", metavar="TIME", help="With --rrule: the first time, in the zone.")
    @click.option("--zone", default="", help="With --rrule: of the IANA, such as Europe/Berlin.")
    @click.option("--lasts", "lasts_ms", type=Duration(), default="0", help="With --rrule: how long each time.")
    @click.option("--except", "excluded", multiple=True, metavar="TIME", help="With --rrule: not then; repeatable.")
    @change_options
    @json_option
    def add(entity_id: str | None, as_json: bool, for_ms: int | None, **given: Any) -> None:
        from pulsemon_schemas.control import PUT
        from pulsemon_schemas.rules import RuleError

        from pulsemon_deploy.cli.change_options import intent, make
        from pulsemon_deploy.key_changes import text_of
        from pulsemon_deploy.quiet_edits import Wish, body_of

        what, now_ms = intent(given), int(time.time() * 1000)
        given |= _times(given, for_ms, now_ms)
        chosen = entity_id or f"{kind}-{uuid.uuid4().hex[:8]}"
        try:
            body = body_of(kind, chosen, Wish(**given), now_ms)
        except RuleError as error:
            click.echo(f"pulsemon: {error}\nNothing was written.", err=True)
            raise click.exceptions.Exit(WRONG_USAGE) from error
        with _log(kind) as log:
            make(log, what, (kind, chosen), PUT, text_of(body), as_json)

    return add


def _times(given: dict[str, Any], for_ms: int | None, now_ms: int) -> dict[str, int]:
    """From and until, if it holds once. Raises click's UsageError."""
    once = for_ms is not None or given["until_ms"] is not None
    if given["rrule"]:
        if once or given["from_ms"] is not None:
            raise click.UsageError("--rrule has --starts-at and --lasts; --from, --until and --for are for once")
        return {"from_ms": 0, "until_ms": 0}
    if not once or (for_ms is not None and given["until_ms"] is not None):
        raise click.UsageError("say how long: --for or --until, or when it comes again: --rrule")
    from_ms = now_ms if given["from_ms"] is None else given["from_ms"]
    return {"from_ms": from_ms, "until_ms": given["until_ms"] if for_ms is None else from_ms + for_ms}


def _list(kind: str) -> click.Command:
    @click.command("list", help=f"List every {kind} that is not over.")
    @click.option("--all", "with_over", is_flag=True, help="Those that are over, too.")
    @json_option
    def list_all(with_over: bool, as_json: bool) -> None:
        from pulsemon_deploy.quiet_edits import row

        now_ms = int(time.time() * 1000)
        with _log(kind) as log:
            found = sorted(log.fold.entities(kind).items())
            rows = [{**row(kind, one, entity.body, now_ms), "author": entity.author} for one, entity in found]
        rows = [one for one in rows if with_over or one["holds"] != "over"]
        print_rows(rows, as_json, f"there is no {kind}")

    return list_all


def _end(kind: str) -> click.Command:
    @click.command("end", help=f"End a {kind} now, also one that comes again; its history stays.")
    @click.argument("entity_id", metavar="ID")
    @change_options
    @json_option
    def end(entity_id: str, as_json: bool, **given: Any) -> None:
        from pulsemon_schemas.control import DELETE

        from pulsemon_deploy.cli.change_options import intent, make

        what = intent(given)
        with _log(kind) as log:
            is_retry = any(one.record.change_id == what.change_id for one in log.of(kind, entity_id))
            if entity_id not in log.fold.entities(kind) and not is_retry:
                _unknown(kind, entity_id)
            make(log, what, (kind, entity_id), DELETE, "", as_json)

    return end


@contextmanager
def _log(kind: str) -> "Iterator[ControlLog]":
    from pulsemon_deploy.cli.change_options import CLIENT_ID
    from pulsemon_deploy.control_log import opened

    with opened(installation(os.environ).kafka("operator"), CLIENT_ID, lambda one: one.entity_type == kind) as log:
        yield log


def _unknown(kind: str, entity_id: str) -> NoReturn:
    text = f"pulsemon: no {kind} {entity_id!r} is in force; `pulsemon {kind} list` shows them"
    click.echo(as_invoked(text), err=True)
    raise click.exceptions.Exit(FOUND_WRONG)


silence = quiet_group(SILENCE, "Silences: alerts that page nobody for a while.")
maintenance = quiet_group(MAINTENANCE, "Maintenance: servers that are worked on, whose alerts page nobody meanwhile.")
