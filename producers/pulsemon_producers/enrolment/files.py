"""What an enrolled host keeps: its key, in a file for its owner alone, and its settings, in the agent's file.

The key is there before the gateway is asked: a host that is cut off in between goes on with the same key, so that it is
not registered twice.
"""

import contextlib
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pulsemon_schemas import keys
from pulsemon_schemas.errors import PermanentError

PRIVATE, READABLE = 0o600, 0o644
"""The settings hold no secret, and systemd's user for the agent has to read them."""
TABLE = "agent"


@dataclass(frozen=True, slots=True)
class AgentFiles:
    """The agent's TOML file, and the key beside it."""

    config: Path

    @property
    def key(self) -> Path:
        """The key that is good."""
        return self.config.with_suffix(".key")

    @property
    def coming_key(self) -> Path:
        """The key that no gateway has confirmed yet."""
        return self.config.with_suffix(".key.new")

    def prepare(self) -> str:
        """The key to enrol with, written before anybody is asked. Raises PermanentError if nothing can be written."""
        try:
            text = self.coming_key.read_text().strip()
        except FileNotFoundError:
            text = ""
        except OSError as error:
            raise _cannot(self.coming_key, error) from error
        if keys.shown(text) is None:
            text = keys.new_text(keys.new_id(os.urandom), os.urandom)
            write(self.coming_key, text + "\n", PRIVATE)
        self.settings({})  # what cannot be written later must be known now
        return text

    def forget(self) -> None:
        """The key that was to come is not good, and never will be."""
        self.coming_key.unlink(missing_ok=True)

    def settings(self, wanted: Mapping[str, str]) -> str:
        """The TOML text with these settings of the agent in place of what it says. Raises PermanentError."""
        try:
            text = self.config.read_text()
        except FileNotFoundError:
            text = ""
        except OSError as error:
            raise _cannot(self.config, error) from error
        try:
            return with_settings(text, wanted)
        except ValueError as error:
            raise PermanentError(f"{self.config} cannot be changed: {error}. Nothing was changed.") from error

    def keep(self, wanted: Mapping[str, str]) -> None:
        """Puts key and settings in force: the key first, so that settings never name one that is not there."""
        text = self.settings({**wanted, "key_file": str(self.key)})
        try:
            self.coming_key.replace(self.key)
        except OSError as error:
            raise _cannot(self.key, error) from error
        mode = self.config.stat().st_mode & 0o777 if self.config.exists() else READABLE
        write(self.config, text, mode)


def with_settings(text: str, wanted: Mapping[str, str]) -> str:
    """A TOML text with these texts in its table ``[agent]``; all else, comments too, stays as it is.

    Raises ValueError if it is no TOML, or written in a way in which this cannot be done.
    """
    before = tomllib.loads(text)
    if not wanted:
        return text
    lines, at = [], None
    is_inside = False
    for line in text.splitlines():
        name = line.split("=")[0].strip()
        if line.lstrip().startswith("["):
            is_inside = line.split("#")[0].strip() == f"[{TABLE}]"
        if is_inside and "=" in line and name in wanted:
            continue
        lines.append(line)
        if is_inside and at is None:
            at = len(lines)
    if at is None:
        lines += [*([""] if lines else []), f"[{TABLE}]"]
        at = len(lines)
    lines[at:at] = [f"{name} = {_quoted(value)}" for name, value in wanted.items()]
    made = "\n".join(lines) + "\n"
    expected: dict[str, Any] = {**before, TABLE: {**before.get(TABLE, {}), **wanted}}
    with contextlib.suppress(tomllib.TOMLDecodeError):
        if tomllib.loads(made) == expected:
            return made
    raise ValueError(f"its table [{TABLE}] is written in another way than one setting a line; edit it by hand")


def write(path: Path, text: str, mode: int) -> None:
    """Replaces the file at once; nobody may read it who may not later. Raises PermanentError."""
    staging = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(staging, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE)
        with os.fdopen(handle, "w") as file:
            file.write(text)
            file.flush()
            os.fchmod(handle, mode)
            os.fsync(handle)
        staging.replace(path)
    except OSError as error:
        staging.unlink(missing_ok=True)
        raise _cannot(path, error) from error


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _cannot(path: Path, error: OSError) -> PermanentError:
    return PermanentError(
        f"{path} cannot be read or written ({error.strerror}). Run it as who owns the agent's settings, or name "
        "another file with --config."
    )
