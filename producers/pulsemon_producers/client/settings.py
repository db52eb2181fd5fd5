"""What can be set for a client, and where each value comes from: the argument, the environment, the default."""

import os
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from pulsemon_producers.client import names
from pulsemon_producers.client.reading import Labels
from pulsemon_producers.client.registry import Bounds

ENVIRONMENT_PREFIX = "PULSEMON_CLIENT_"

TRANSPORTS = ("kafka", "http", "none")
MAX_ID_CHARACTERS = 253
MIN_FLUSH_SECONDS = 0.1
MAX_FLUSH_SECONDS = 300.0
MAX_EXIT_SECONDS = 60.0
SLOT_BY_ITSELF = ""
"""As ``instance``: the lowest free number."""


class ClientSettings(NamedTuple):
    """One client. A tuple and not a dataclass, whose module takes longer to import than all of this library.

    ``flush_interval_seconds`` is the time between two readings, and the distance of their recorded_at. What cannot be
    delivered waits in memory, at most ``max_buffered_batches`` and ``max_buffered_bytes``.
    """

    service: str = "service"
    instance: str = SLOT_BY_ITSELF
    server_id: str = ""
    transport: str = "kafka"
    url: str = ""
    key: str = ""
    key_file: str = ""
    ca_file: str = ""
    flush_interval_seconds: float = 10.0
    exit_seconds: float = 2.0
    max_series: int = 2000
    max_label_values: int = 200
    max_buffered_batches: int = 360
    max_buffered_bytes: int = 8 * 1024 * 1024
    runtime_folder: str = ""
    labels: Labels = ()

    def __repr__(self) -> str:
        shown = {**self._asdict(), "key": "***" if self.key else ""}
        return f"ClientSettings({', '.join(f'{name}={value!r}' for name, value in shown.items())})"

    @property
    def bounds(self) -> Bounds:
        """Those of the registry."""
        return Bounds(self.max_series, self.max_label_values)

    @property
    def interval_ms(self) -> int:
        """The flush interval in milliseconds."""
        return max(1, round(self.flush_interval_seconds * 1000))


class Field(NamedTuple):
    """How one setting is read from a text, and which values it may have, in words."""

    parse: Callable[[str], Any]
    accepts: Callable[[Any], bool]
    wanted: str


def resolve(given: Mapping[str, Any], environ: Mapping[str, str]) -> tuple[ClientSettings, list[str]]:
    """The settings, and what is wrong with the environment, whose wrong values are passed over.

    ``given`` are the arguments. Raises ValueError with all that is wrong with them: the programmer sees it at the first
    start, while a mistake in the environment must not keep a service from running.
    """
    wrong = [
        f"{name}={_hidden(name, value)}: {FIELDS[name].wanted}"
        for name, value in given.items()
        if not _is_good(name, value)
    ]
    if wrong:
        raise ValueError(f"the client was not made: {'; '.join(wrong)}")
    values: dict[str, Any] = {"server_id": os.uname().nodename or "localhost"}
    problems: list[str] = []
    for variable, text in environ.items():
        if variable.startswith(ENVIRONMENT_PREFIX) and text:
            name = variable.removeprefix(ENVIRONMENT_PREFIX).lower()
            problems += _take(name, variable, text, values)
    return ClientSettings(**{**values, **given}), problems


def _take(name: str, variable: str, text: str, values: dict[str, Any]) -> list[str]:
    """Puts the value of a variable among the others; returns what is wrong with it."""
    field = FIELDS.get(name)
    if field is None:
        return [f"{variable} is not a setting"]
    try:
        value = field.parse(text)
    except ValueError:
        value = None
    if value is None or not _is_good(name, value):
        return [f"{variable}={_hidden(name, text)}: {field.wanted}"]
    values[name] = value
    return []


def _hidden(name: str, value: object) -> str:
    """A value for a message, without what may be a secret, whatever its own ``repr`` does."""
    if name == "key":
        return "***"
    try:
        text = repr(value)
    except Exception:  # noqa: BLE001 - it is somebody else's method
        return type(value).__name__
    return "***" if name == "url" and "@" in text else text


def _is_good(name: str, value: Any) -> bool:
    try:
        return FIELDS[name].accepts(value)
    except Exception:  # noqa: BLE001 - a value of another type fails in its own way
        return False


def labels_of(pairs: Mapping[str, object]) -> Labels:
    """Labels as they are kept: texts, sorted by key."""
    return tuple(sorted((key, names.text_of(value)) for key, value in pairs.items()))


def _labels_of_text(text: str) -> Labels:
    pairs = [part.partition("=") for part in text.split(",") if part.strip()]
    if not all(mark for _, mark, _ in pairs):
        raise ValueError(text)
    return labels_of({key.strip(): value.strip() for key, _, value in pairs})


def _is_id(value: str) -> bool:
    return type(value) is str and 0 < len(value) <= MAX_ID_CHARACTERS and value.isprintable()


def _is_server_id(value: str) -> bool:
    return _is_id(value) and not value.startswith("_")


def _is_count(value: int) -> bool:
    return type(value) is int and value > 0


def _is_text(value: str) -> bool:
    return type(value) is str


def _is_url(value: str) -> bool:
    if not value:
        return type(value) is str
    # not imported by those who do not send over HTTP
    from pulsemon_schemas.runtime.secret import Secret

    from pulsemon_producers.http_settings import KEY_PREFIX, HttpSettings

    return bool(HttpSettings(value, Secret(KEY_PREFIX)))


def _is_key(value: str) -> bool:
    return type(value) is str and (not value or (value.startswith("pm_") and value.isascii() and value.isprintable()))


def _are_labels(value: Labels) -> bool:
    return type(value) is tuple and not names.problem_with_keys(dict(value))


_COUNT = Field(int, _is_count, "a whole number from 1")
_ID = Field(str, _is_id, f"a text of 1 to {MAX_ID_CHARACTERS} characters")
_TEXT = Field(str, _is_text, "a text")

FIELDS: Mapping[str, Field] = {
    "service": _ID,
    "instance": _ID,
    "server_id": Field(str, _is_server_id, f"a text of 1 to {MAX_ID_CHARACTERS} characters, no _ first"),
    "transport": Field(str, lambda value: value in TRANSPORTS, f"one of {', '.join(TRANSPORTS)}"),
    "url": Field(str, _is_url, "https://HOST or https://HOST:PORT, with a path if any; http:// on loopback alone"),
    "key": Field(str, _is_key, "a key begins with pm_"),
    "key_file": _TEXT,
    "ca_file": _TEXT,
    "flush_interval_seconds": Field(
        float,
        lambda value: MIN_FLUSH_SECONDS <= value <= MAX_FLUSH_SECONDS,
        f"seconds from {MIN_FLUSH_SECONDS:g} to {MAX_FLUSH_SECONDS:g}",
    ),
    "exit_seconds": Field(
        float, lambda value: 0 <= value <= MAX_EXIT_SECONDS, f"seconds from 0 to {MAX_EXIT_SECONDS:g}"
    ),
    "max_series": _COUNT,
    "max_label_values": _COUNT,
    "max_buffered_batches": _COUNT,
    "max_buffered_bytes": _COUNT,
    "runtime_folder": _TEXT,
    "labels": Field(_labels_of_text, _are_labels, "key=value, several with commas; none that the library sets"),
}
"""Every setting by its name, which in capitals and after the prefix is that of its variable."""
