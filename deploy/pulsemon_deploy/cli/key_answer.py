"""Keys as people and programs see them: without their secrets, but for the one that was made just now."""

import os
import shlex
import sys
import time
from dataclasses import dataclass
from typing import Any

import click
from pulsemon_schemas import keys
from pulsemon_schemas.control import PUT
from pulsemon_schemas.keys import KEY, Key

from pulsemon_deploy.cli.change_options import Intent, made
from pulsemon_deploy.cli.control_rows import instant
from pulsemon_deploy.cli.key_direct import direct_line, end_logins, key_logins, make_login
from pulsemon_deploy.cli.lazy import FOUND_WRONG
from pulsemon_deploy.cli.output import print_json
from pulsemon_deploy.control_log import ControlLog
from pulsemon_deploy.installation import installation
from pulsemon_deploy.invocation import as_invoked
from pulsemon_deploy.key_changes import NewSecret, new_key, rotated_key


def row(key: Key, now_ms: int) -> dict[str, Any]:
    """One key of a list."""
    until = [one.ends_at_ms for one in key.secrets[1:] if one.ends_at_ms is not None and one.ends_at_ms > now_ms]
    return {
        "id": key.key_id,
        "server": key.server_id,
        "scopes": key.scopes,
        "state": state(key, now_ms),
        "expires_at": instant(key.expires_at_ms) if key.expires_at_ms is not None else None,
        "old_secret_until": instant(max(until)) if until else None,
        "direct": key.is_direct,
    }


@dataclass(frozen=True, slots=True)
class KeyWish:
    """What a new key is to be."""

    server_id: str
    scopes: frozenset[str]
    expires_in_ms: int | None = None
    is_direct: bool = False


def write_new(log: ControlLog, what: Intent, wish: KeyWish, url: str, as_json: bool) -> None:
    """Makes a key and shows it. Ends with exit code 1 if another change came first."""
    expires_at_ms = None if wish.expires_in_ms is None else int(time.time() * 1000) + wish.expires_in_ms
    new = new_key(wish.server_id, wish.scopes, expires_at_ms, is_direct=wish.is_direct)
    _show(new, _write(log, what, new, as_json), url, as_json)


def write_rotated(log: ControlLog, what: Intent, key: Key, now_ms: int, grace_ms: int, url: str, as_json: bool) -> None:
    """Gives a key another secret and shows it. Ends with exit code 1 if another change came first."""
    new = rotated_key(key, now_ms, grace_ms)
    version = _write(log, what, new, as_json)
    end_logins(key, new.key)
    _show(new, version, url, as_json)


def _write(log: ControlLog, what: Intent, new: NewSecret, as_json: bool) -> int:
    """The version that has the secret; its login in Kafka is made then, too."""
    key_id = new.key.key_id
    if new.key.is_direct:
        key_logins().check()
    version = made(log, what, (KEY, key_id), PUT, new.body, as_json)
    in_force = log.fold.entities(KEY).get(key_id)
    current = keys.read(key_id, in_force.body) if in_force is not None else None
    if current is None or new.key.secrets[0] not in current.secrets:
        text = f"pulsemon: this change of {key_id} was made before, and its key was shown then; nothing was written"
        click.echo(as_invoked(text), err=True)
        sys.exit(FOUND_WRONG)
    if new.key.is_direct:
        make_login(new)
    return version


def _show(new: NewSecret, version: int, url: str, as_json: bool) -> None:
    key_id = new.key.key_id
    line = direct_line(new) if new.key.is_direct else start_line(new, url or installation(os.environ).gateway().url)
    if as_json:
        login = {"login": new.login} if new.key.is_direct else {}
        print_json({**row(new.key, 0), "version": version, "key": new.text, **login, "start": line})
        return
    click.echo(f"key {key_id} of {new.key.server_id}: version {version} is in force\n")
    click.echo(f"  {new.text}\n")
    click.echo("It is shown this once and kept nowhere. Start the agent of that host with\n")
    click.echo(f"  {line}")
    if new.key.is_direct:
        click.echo(
            f"\nKafka knows it as {new.login}, with the key as its password. Whoever has it may write metrics of any "
            "server there: for hosts that you do not trust use the gateway."
        )


def start_line(new: NewSecret, url: str) -> str:
    """What starts the agent of the key's server, to be pasted there."""
    settings = {"TRANSPORT": "http", "URL": url, "SERVER_ID": new.key.server_id, "KEY": new.text}
    given = " ".join(f"PULSEMON_AGENT_{name}={shlex.quote(value)}" for name, value in settings.items())
    return f"{given} pulsemon run agent"


def state(key: Key, now_ms: int) -> str:
    """Whether it opens anything, in a word."""
    if key.is_revoked:
        return "revoked"
    return "expired" if key.expires_at_ms is not None and now_ms >= key.expires_at_ms else "good"
