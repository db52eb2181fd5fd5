"""``pulsemon enrolment``: tokens with which hosts register themselves. The log never holds a secret."""

import os
import shlex
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from pulsemon_deploy.cli.change_options import change_options
from pulsemon_deploy.cli.duration import Duration
from pulsemon_deploy.cli.label_options import label_option, labels_of
from pulsemon_deploy.cli.lazy import FOUND_WRONG
from pulsemon_deploy.cli.output import json_option, print_json, print_rows
from pulsemon_deploy.installation import installation
from pulsemon_deploy.invocation import as_invoked

if TYPE_CHECKING:
    from pulsemon_schemas.enrolment import EnrolmentToken

    from pulsemon_deploy.control_log import ControlLog

MAX_USES = 100_000


@click.group()
def enrolment() -> None:
    """Enrolment tokens: with them hosts register themselves and make their own keys."""


@enrolment.command()
@click.option("--uses", "max_uses", type=click.IntRange(1, MAX_USES), default=1, show_default=True, help="How often.")
@click.option("--expires-in", "expires_in_ms", type=Duration(), default="24h", show_default=True, help="How long.")
@click.option("--environment", default="", help="Which its servers get, such as production.")
@click.option("--region", default="", help="Which its servers get.")
@click.option("--role", default="", help="Which its servers get.")
@label_option
@click.option("--url", default="", help="Where hosts reach the gateway; what its settings say unless given.")
@change_options
@json_option
def add(max_uses: int, expires_in_ms: int, labels: tuple[str, ...], url: str, as_json: bool, **given: Any) -> None:
    """Make a token, show it once, and the line that hosts run."""
    from pulsemon_schemas.control import PUT
    from pulsemon_schemas.enrolment import ENROL, ENROLMENT_TOKEN, NOBODY, EnrolmentToken

    from pulsemon_deploy.cli.change_options import intent, made
    from pulsemon_deploy.key_changes import new_key, text_of

    what = intent(given)
    new = new_key(NOBODY, frozenset({ENROL}), int(time.time() * 1000) + expires_in_ms)
    token = EnrolmentToken(new.key, max_uses, labels=labels_of(labels), **given)
    with _log() as log:
        version = made(log, what, (ENROLMENT_TOKEN, new.key.key_id), PUT, text_of(token.body()), as_json)
    at = url or installation(os.environ).gateway().url
    line = f"pulsemon agent enrol --url {shlex.quote(at)} --token {new.text}"
    if as_json:
        print_json({**_row(token, 0), "version": version, "token": new.text, "enrol": line})
        return
    click.echo(f"enrolment token {new.key.key_id}: version {version} is in force\n")
    click.echo(f"  {new.text}\n")
    times = "one host" if max_uses == 1 else f"{max_uses} hosts"
    click.echo(f"It is shown this once and kept nowhere. It is good for {times}; each runs\n\n  {line}")


@enrolment.command("list")
@json_option
def list_tokens(as_json: bool) -> None:
    """List the tokens and how often they were used; none of it is a secret."""
    from pulsemon_schemas.enrolment import ENROLMENT_TOKEN, read

    with _log() as log:
        found = [read(one, entity.body) for one, entity in sorted(log.fold.entities(ENROLMENT_TOKEN).items())]
    rows = [_row(one, int(time.time() * 1000)) for one in found if one is not None]
    print_rows(rows, as_json, "there is no such token")


@enrolment.command()
@click.argument("token_id")
@change_options
@json_option
def revoke(token_id: str, as_json: bool, **given: Any) -> None:
    """End a token at once; servers that it made, and their keys, stay."""
    from dataclasses import replace

    from pulsemon_schemas.control import PUT
    from pulsemon_schemas.enrolment import ENROLMENT_TOKEN, read
    from pulsemon_schemas.keys import revoked

    from pulsemon_deploy.cli.change_options import intent, make
    from pulsemon_deploy.key_changes import text_of

    what = intent(given)
    with _log() as log:
        entity = log.fold.entities(ENROLMENT_TOKEN).get(token_id)
        found = read(token_id, entity.body) if entity is not None else None
        if found is None:
            text = f"pulsemon: no token {token_id!r} is there; `pulsemon enrolment list` shows them"
            click.echo(as_invoked(text), err=True)
            raise click.exceptions.Exit(FOUND_WRONG)
        ended = replace(found, key=revoked(found.key))
        make(log, what, (ENROLMENT_TOKEN, token_id), PUT, text_of(ended.body()), as_json)


@contextmanager
def _log() -> "Iterator[ControlLog]":
    from pulsemon_schemas.enrolment import ENROLMENT_TOKEN

    from pulsemon_deploy.cli.change_options import CLIENT_ID
    from pulsemon_deploy.control_log import opened

    settings = installation(os.environ).kafka("operator")
    with opened(settings, CLIENT_ID, lambda one: one.entity_type == ENROLMENT_TOKEN) as log:
        yield log


def _row(token: "EnrolmentToken", now_ms: int) -> dict[str, Any]:
    from pulsemon_deploy.cli.control_rows import instant
    from pulsemon_deploy.cli.key_answer import state

    until = token.key.expires_at_ms
    labels = ",".join(f"{key}={value}" for key, value in sorted(token.labels.items()))
    return {
        "id": token.key.key_id,
        "state": "used up" if token.is_used_up else state(token.key, now_ms),
        "uses": token.uses,
        "of": token.max_uses,
        "expires_at": instant(until) if until is not None else None,
        "environment": token.environment,
        "region": token.region,
        "role": token.role,
        "labels": labels,
    }
