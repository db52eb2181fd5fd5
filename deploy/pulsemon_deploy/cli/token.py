"""``pulsemon token``: who may use the control API, and for what. Written into the log: the first one needs none."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NoReturn

import click
from pulsemon_schemas import tokens
from pulsemon_schemas.tokens import MAX_NAME_CHARACTERS, OPERATOR_TOKEN, SCOPES, Token

from pulsemon_deploy.cli.change_options import change_options
from pulsemon_deploy.cli.duration import Duration
from pulsemon_deploy.cli.key import expires_option
from pulsemon_deploy.cli.lazy import FOUND_WRONG
from pulsemon_deploy.cli.output import json_option, print_json, print_rows
from pulsemon_deploy.installation import installation
from pulsemon_deploy.invocation import as_invoked

if TYPE_CHECKING:
    from pulsemon_deploy.cli.change_options import Intent
    from pulsemon_deploy.control_log import ControlLog
    from pulsemon_deploy.token_changes import NewToken

ALL = "all"


@click.group()
def token() -> None:
    """Tokens: who may use the control API, and for what."""


@token.command()
@click.argument("name")
@click.option(
    "--scope",
    "scopes",
    type=click.Choice([*SCOPES, ALL]),
    multiple=True,
    required=True,
    help="What it may do; repeatable.",
)
@expires_option
@change_options
@json_option
def add(name: str, scopes: tuple[str, ...], expires_in_ms: int | None, as_json: bool, **given: Any) -> None:
    """Make a token for a person or a program, and show it once. Its changes are signed with NAME and its id."""
    from pulsemon_deploy.cli.change_options import intent
    from pulsemon_deploy.token_changes import new_token

    what = intent(given)
    if not tokens.is_name(name):
        text = f"use 1 to {MAX_NAME_CHARACTERS} printable characters, no slash, no spaces around"
        raise click.BadParameter(text, param_hint="NAME")
    chosen = frozenset(SCOPES) if ALL in scopes else frozenset(scopes)
    expires_at_ms = None if expires_in_ms is None else _now_ms() + expires_in_ms
    with _opened_log() as log:
        _write(log, what, new_token(name, chosen, expires_at_ms), as_json)


@token.command("list")
@json_option
def list_tokens(as_json: bool) -> None:
    """List the tokens; none of them is a secret."""
    with _opened_log() as log:
        found = [one for one in (_read(log, token_id) for token_id in log.fold.entities(OPERATOR_TOKEN)) if one]
    rows = [_row(one) for one in sorted(found, key=lambda one: (one.name, one.key.key_id))]
    print_rows(rows, as_json, "there is no token; `pulsemon token add` makes one")


@token.command()
@click.argument("token_id")
@change_options
@json_option
def revoke(token_id: str, as_json: bool, **given: Any) -> None:
    """End a token at once. Gateways refuse it within a second; nothing can make it good again."""
    from pulsemon_schemas.control import PUT

    from pulsemon_deploy.cli.change_options import intent, make
    from pulsemon_deploy.token_changes import body_of, revoked_token

    what = intent(given)
    with _opened_log() as log:
        found = _read(log, token_id) or _unknown(token_id)
        make(log, what, (OPERATOR_TOKEN, token_id), PUT, body_of(revoked_token(found)), as_json)


@token.command()
@click.argument("token_id")
@click.option("--grace", "grace_ms", type=Duration(), default="24h", show_default=True, help="0 for one that leaked.")
@change_options
@json_option
def rotate(token_id: str, grace_ms: int, as_json: bool, **given: Any) -> None:
    """Give a token another secret, and show it once; the one before stays good for the grace."""
    from pulsemon_deploy.cli.change_options import intent
    from pulsemon_deploy.token_changes import rotated_token

    what = intent(given)
    with _opened_log() as log:
        found = _read(log, token_id) or _unknown(token_id)
        if found.key.is_revoked:
            _end(f"the token {token_id} was revoked and stays so; `pulsemon token add` makes another")
        _write(log, what, rotated_token(found, _now_ms(), grace_ms), as_json)


def _write(log: "ControlLog", what: "Intent", new: "NewToken", as_json: bool) -> None:
    from pulsemon_schemas.control import PUT

    from pulsemon_deploy.cli.change_options import made

    token_id = new.token.key.key_id
    version = made(log, what, (OPERATOR_TOKEN, token_id), PUT, new.body, as_json)
    current = _read(log, token_id)
    if current is None or new.token.key.secrets[0] not in current.key.secrets:
        _end(f"this change of {token_id} was made before, and its token was shown then; nothing was written")
    if as_json:
        print_json({**_row(new.token), "version": version, "token": new.text})
        return
    click.echo(f"token {token_id} of {new.token.name}: version {version} is in force\n\n  {new.text}\n")
    click.echo("It is shown this once and kept nowhere. A request shows it as `Authorization: Bearer …`.")


def _row(one: Token) -> dict[str, Any]:
    from pulsemon_deploy.cli.control_rows import instant
    from pulsemon_deploy.cli.key_answer import state

    end_ms = one.key.expires_at_ms
    return {
        "id": one.key.key_id,
        "name": one.name,
        "scopes": sorted(one.key.scopes),
        "state": state(one.key, _now_ms()),
        "expires_at": instant(end_ms) if end_ms is not None else None,
    }


@contextmanager
def _opened_log() -> "Iterator[ControlLog]":
    from pulsemon_deploy.cli.change_options import CLIENT_ID
    from pulsemon_deploy.control_log import opened

    settings = installation(os.environ).kafka("operator")
    with opened(settings, CLIENT_ID, lambda one: one.entity_type == OPERATOR_TOKEN) as log:
        yield log


def _read(log: "ControlLog", token_id: str) -> Token | None:
    entity = log.fold.entities(OPERATOR_TOKEN).get(token_id)
    return tokens.read(token_id, entity.body) if entity is not None else None


def _unknown(token_id: str) -> NoReturn:
    _end(f"no token {token_id!r} is there; `pulsemon token list` shows them")


def _end(sentence: str) -> NoReturn:
    click.echo(as_invoked(f"pulsemon: {sentence}"), err=True)
    raise click.exceptions.Exit(FOUND_WRONG)


def _now_ms() -> int:
    return int(time.time() * 1000)
