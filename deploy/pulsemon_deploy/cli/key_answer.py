"""Keys as people and programs see them: without their secrets, but for the one that was made just now."""

import os
import shlex
import sys
import time
from typing import Any

import click
from pulsemon_schemas import keys
from pulsemon_schemas.control import PUT
from pulsemon_schemas.keys import KEY, Key

from pulsemon_deploy.cli.change_options import Intent, made
from pulsemon_deploy.cli.control_rows import instant
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
        "state": _state(key, now_ms),
        "expires_at": instant(key.expires_at_ms) if key.expires_at_ms is not None else None,
        "old_secret_until": instant(max(until)) if until else None,
    }


def write_new(
    log: ControlLog,
    what: Intent,
    server_id: str,
    scopes: frozenset[str],
    expires_in_ms: int | None,
    url: str,
    as_json: bool,
) -> None:
    """Makes a key and shows it. Ends with exit code 1 if another change came first."""
    expires_at_ms = None if expires_in_ms is None else int(time.time() * 1000) + expires_in_ms
    _write(log, what, new_key(server_id, scopes, expires_at_ms), url, as_json)


def write_rotated(log: ControlLog, what: Intent, key: Key, now_ms: int, grace_ms: int, url: str, as_json: bool) -> None:
    """Gives a key another secret and shows it. Ends with exit code 1 if another change came first."""
    _write(log, what, rotated_key(key, now_ms, grace_ms), url, as_json)


def _write(log: ControlLog, what: Intent, new: NewSecret, url: str, as_json: bool) -> None:
    key_id = new.key.key_id
    version = made(log, what, (KEY, key_id), PUT, new.body, as_json)
    in_force = log.fold.entities(KEY).get(key_id)
    current = keys.read(key_id, in_force.body) if in_force is not None else None
    if current is None or new.key.secrets[0] not in current.secrets:
        text = f"pulsemon: this change of {key_id} was made before, and its key was shown then; nothing was written"
        click.echo(as_invoked(text), err=True)
        sys.exit(FOUND_WRONG)
    line = start_line(new, url or installation(os.environ).gateway().url)
    if as_json:
        print_json({**row(new.key, 0), "version": version, "key": new.text, "start": line})
        return
    click.echo(f"key {key_id} of {new.key.server_id}: version {version} is in force\n")
    click.echo(f"  {new.text}\n")
    click.echo("It is shown this once and kept nowhere. Start the agent of that host with\n")
    click.echo(f"  {line}")


def start_line(new: NewSecret, url: str) -> str:
    """What starts the agent of the key's server, to be pasted there."""
    settings = {"TRANSPORT": "http", "URL": url, "SERVER_ID": new.key.server_id, "KEY": new.text}
    given = " ".join(f"PULSEMON_AGENT_{name}={shlex.quote(value)}" for name, value in settings.items())
    return f"{given} pulsemon run agent"


def _state(key: Key, now_ms: int) -> str:
    if key.is_revoked:
        return "revoked"
    return "expired" if key.expires_at_ms is not None and now_ms >= key.expires_at_ms else "good"
