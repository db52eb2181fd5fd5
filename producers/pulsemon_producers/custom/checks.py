"""What several of the settings here have in common: names, addresses, times."""

import re
import urllib.parse
from pathlib import Path

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")
_HEADER = re.compile(r"([A-Za-z0-9!#$%&'*+.^_`|~-]+):[ \t]*([^\r\n\0]*)")
MIN_SECONDS = 0.1
MAX_TIMEOUT_SECONDS = 300.0
MAX_INTERVAL_SECONDS = 86_400.0


def check_name(name: str) -> None:
    """Raises ValueError unless it can stand in the label of a series."""
    if _NAME.fullmatch(name) is None:
        raise ValueError(f"name {name!r}: use 1 to 63 letters, digits, _ . -, and begin with a letter or digit")


def check_times(interval_seconds: float, timeout_seconds: float) -> None:
    """Raises ValueError unless there is something to wait for, and an end of it."""
    if not MIN_SECONDS <= timeout_seconds <= MAX_TIMEOUT_SECONDS:
        raise ValueError(f"timeout_seconds must be from {MIN_SECONDS:g} to {MAX_TIMEOUT_SECONDS:g}")
    if not 1.0 <= interval_seconds <= MAX_INTERVAL_SECONDS:
        raise ValueError(f"interval_seconds must be from 1 to {MAX_INTERVAL_SECONDS:g}")


def check_absolute(name: str, path: Path) -> None:
    """Raises ValueError for a path that depends on where the agent was started."""
    if not path.is_absolute() or ".." in path.parts:
        raise ValueError(f"{name} {str(path)!r}: write an absolute path without ..")


def check_url(url: str, schemes: frozenset[str]) -> urllib.parse.SplitResult:
    """The parts of an address. Raises ValueError with what it should be."""
    wanted = " or ".join(f"{scheme}://" for scheme in sorted(schemes))
    try:
        parts = urllib.parse.urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ValueError(f"url {url!r}: {error}") from None
    if parts.scheme not in schemes or not parts.hostname or any(character.isspace() for character in url):
        raise ValueError(f"url {url!r}: write {wanted} and a host")
    if not url.isascii():
        raise ValueError(f"url {url!r}: write it in ASCII, letters of a path as %XX, a host's name as xn--...")
    if parts.username is not None:
        raise ValueError("url: a name and password do not belong here, write them as authorization_file")
    if port is None and not parts.scheme.startswith("http"):
        raise ValueError(f"url {url!r}: {parts.scheme}:// needs a port")
    return parts


def shown_url(url: str) -> str:
    """An address for the log: what follows the path may hold a secret."""
    return re.split("[?#]", url, maxsplit=1)[0]


def header(text: str) -> tuple[str, str]:
    """Name and value of ``Name: value``. Raises ValueError."""
    found = _HEADER.fullmatch(text)
    if found is None or not text.isascii():
        raise ValueError(f"headers: {text.partition(':')[0]!r} must be written as 'Name: value', in ASCII")
    return found[1], found[2].strip()
