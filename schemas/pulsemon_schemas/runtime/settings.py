"""Settings are frozen dataclasses, filled from a TOML file and the environment, which wins. For entry points only."""

import dataclasses
import difflib
import tomllib
import typing
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from pulsemon_schemas.errors import SettingsError
from pulsemon_schemas.runtime.parsing import from_text, from_toml, without_none
from pulsemon_schemas.runtime.secret import NO_SECRET, Secret

__all__ = ["NO_SECRET", "Secret", "SettingsError", "check_tables", "load", "load_rows", "read_tables", "table_name"]

Settings = TypeVar("Settings")

PRODUCT_PREFIX = "PULSEMON_"
FILE_SUFFIX = "_file"

# What a source gives: how it is shown to the reader of a problem, to field and raw value.
_Given = Mapping[str, tuple[str, Any]]


def load(
    cls: type[Settings],
    prefix: str,
    environ: Mapping[str, str],
    file: Path | None = None,
    defaults: Mapping[str, str] | None = None,
) -> Settings:
    """An instance of the dataclass ``cls``: its defaults, those given here, then the file, then the environment.

    The variable of a field is ``prefix`` and its name in capitals; in the file it stands in the table named as the
    prefix: ``PULSEMON_KAFKA_`` reads ``[kafka]``. A Secret field is also read from the file named by ``…_FILE``
    (``…_file`` in TOML). A path that is set to nothing is not set. Names that are no setting are mistakes. ``defaults``
    are texts by the name of the field. Raises SettingsError with all problems at once.
    """
    reader = _Reader(cls, prefix)
    reader.read_defaults(defaults or {})
    if file is not None:
        reader.read_file(file)
    reader.read_environment(environ)
    return typing.cast(Settings, reader.build())


def load_rows(kinds: Mapping[str, type[Any]], file: Path) -> dict[str, tuple[Any, ...]]:
    """For each name of a table, an instance of its dataclass for each ``[[name]]`` of the file; ``[name]`` is one.

    Such tables are in the file alone: a variable holds one value. Raises SettingsError with all problems of all tables,
    each with the table's name, the number of the row and the key.
    """
    content = _parse_file(file)
    problems: list[str] = []
    rows = {name: _read_rows(cls, name, content.get(name, []), problems) for name, cls in kinds.items()}
    if problems:
        raise SettingsError(problems)
    return rows


def _read_rows(cls: type[Any], table: str, content: Any, problems: list[str]) -> tuple[Any, ...]:
    items = [content] if isinstance(content, dict) else content
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        problems.append(f"{table} must be a table: write [[{table}]]")
        return ()
    rows: list[Any] = []
    for number, item in enumerate(items, start=1):
        try:
            rows.append(_read_row(cls, f"[{table}]" if item is content else f"[[{table}]] {number}", item))
        except SettingsError as error:
            problems += error.problems
    return tuple(rows)


def _read_row(cls: type[Any], label: str, item: Mapping[str, Any]) -> Any:
    reader = _Reader(cls, label)
    reader.read_row(item)
    return reader.build()


def table_name(prefix: str) -> str:
    """The table of a TOML file that holds the settings with this prefix."""
    return prefix.removeprefix(PRODUCT_PREFIX).strip("_").lower()


def read_tables(file: Path) -> Mapping[str, Mapping[str, object]]:
    """The tables of a TOML file as they stand; what is no table is passed over here. Raises SettingsError."""
    return {name: table for name, table in _parse_file(file).items() if isinstance(table, dict)}


def check_tables(file: Path, prefixes: Iterable[str]) -> None:
    """Raises SettingsError if the file has a table that belongs to none of the prefixes."""
    known = [table_name(prefix) for prefix in prefixes]
    problems = [
        f"[{name}] in {file} is not a table of settings{_hint(name, known)}"
        for name in _parse_file(file)
        if name not in known
    ]
    if problems:
        raise SettingsError(problems)


class _Reader:
    """Collects values and problems of one dataclass; a later source replaces what an earlier one gave."""

    def __init__(self, cls: type[Any], prefix: str) -> None:
        self._cls = cls
        self._prefix = prefix
        self._kinds = typing.get_type_hints(cls)
        self._fields = {field.name: field for field in dataclasses.fields(cls)}
        self._values: dict[str, Any] = {}
        self._problems: list[str] = []
        self._sources: list[str] = []
        self._shown: Callable[[str], str] = lambda name: f"{prefix}{name.upper()}"

    def read_defaults(self, defaults: Mapping[str, str]) -> None:
        """Takes what the program itself says when nobody else does."""
        self._read({name: (name, text) for name, text in defaults.items()}, from_text, lambda name: name)

    def read_file(self, file: Path) -> None:
        """Takes the settings' table of a TOML file."""
        table = table_name(self._prefix)
        items = _parse_file(file).get(table, {})
        if not isinstance(items, dict):
            self._problems.append(f"{table} in {file} must be a table: write [{table}]")
            return
        given = {f"[{table}] {name}": (name, value) for name, value in items.items()}
        self._sources += [f"[{table}]"] * bool(given)
        self._read(given, from_toml, lambda name: f"[{table}] {name}")

    def read_row(self, items: Mapping[str, Any]) -> None:
        """Takes a table that is shown under the prefix as its label."""
        self._sources.append(self._prefix)
        self._shown = lambda name: f"{self._prefix} {name}"
        self._read({self._shown(name): (name, value) for name, value in items.items()}, from_toml, self._shown)

    def read_environment(self, environ: Mapping[str, str]) -> None:
        """Takes all variables that begin with the prefix."""
        given = {
            name: (_field_name(name.removeprefix(self._prefix)), text)
            for name, text in environ.items()
            if name.startswith(self._prefix)
        }
        given = {label: (name, text) for label, (name, text) in given.items() if text or not self._is_path(name)}
        self._sources += [f"{self._prefix}*"] * bool(given)
        self._read(given, from_text, self._shown)

    def build(self) -> Any:
        """The instance; raises SettingsError if anything was wrong."""
        missing = [
            f"{self._shown(name)} is required"
            for name, field in self._fields.items()
            if name not in self._values
            and field.default is dataclasses.MISSING
            and field.default_factory is dataclasses.MISSING
        ]
        if problems := [*self._problems, *missing]:
            raise SettingsError(problems)
        try:
            return self._cls(**self._values)
        except ValueError as error:
            where = " and ".join(self._sources) or f"{self._prefix}*"
            raise SettingsError([f"{where}: {error}"]) from error

    def _read(self, given: _Given, parse: Callable[[Any, Any], Any], shown: Callable[[str], str]) -> None:
        known = set(self._fields) | {f"{name}{FILE_SUFFIX}" for name in self._fields if self._is_secret(name)}
        for label, (name, value) in given.items():
            if name not in known:
                hint = _hint(label, [shown(field) for field in sorted(known)])
                self._problems.append(f"{label} is not a setting{hint}")
            elif name in self._fields:
                self._take(label, name, value, parse)
            else:
                self._take_from_file(label, name, value, given)

    def _take(self, label: str, name: str, value: Any, parse: Callable[[Any, Any], Any]) -> None:
        try:
            self._values[name] = parse(self._kinds[name], value)
        except ValueError as error:
            text = "***" if self._is_secret(name) else repr(value)
            self._values[name] = None  # known to be given: not also missing
            self._problems.append(f"{label}={text}: {error}")

    def _take_from_file(self, label: str, name: str, value: Any, given: _Given) -> None:
        secret = name.removesuffix(FILE_SUFFIX)
        self._values.setdefault(secret, None)
        if any(secret == other for other, _ in given.values()):
            self._problems.append(f"{label} and the secret itself are both set: keep one")
            return
        try:
            self._values[secret] = Secret(Path(value).read_text(encoding="utf-8").strip())
        except (OSError, TypeError, UnicodeDecodeError) as error:
            self._problems.append(f"{label}={value!r}: cannot be read ({_cause(error)})")

    def _is_path(self, name: str) -> bool:
        if name in self._fields:
            return without_none(self._kinds[name]) is Path
        secret = name.removesuffix(FILE_SUFFIX)
        return secret != name and secret in self._fields and self._is_secret(secret)

    def _is_secret(self, name: str) -> bool:
        return without_none(self._kinds[name]) is Secret


def _field_name(rest: str) -> str:
    """The field behind the rest of a variable's name; variables are written in capitals only."""
    return rest.lower() if rest == rest.upper() else rest


def _parse_file(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError([f"{file} cannot be read ({_cause(error)})"]) from error


def _cause(error: Exception) -> str:
    return (error.strerror or str(error)) if isinstance(error, OSError) else str(error)


def _hint(name: str, known: list[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    return f"; did you mean {close[0]}?" if close else ""
