"""The folders of a user as the XDG specification has them."""

from collections.abc import Mapping
from pathlib import Path


def data_folder(environ: Mapping[str, str]) -> Path:
    """``$XDG_DATA_HOME``, or ``~/.local/share``."""
    return _named(environ, "XDG_DATA_HOME") or _user_folder(environ) / ".local" / "share"


def cache_folder(environ: Mapping[str, str]) -> Path:
    """``$XDG_CACHE_HOME``, or ``~/.cache``."""
    return _named(environ, "XDG_CACHE_HOME") or _user_folder(environ) / ".cache"


def _named(environ: Mapping[str, str], name: str) -> Path | None:
    """The specification: a path that is not absolute is to be ignored."""
    path = Path(environ.get(name, ""))
    return path if path.is_absolute() else None


def _user_folder(environ: Mapping[str, str]) -> Path:
    return Path(environ.get("HOME") or Path.home())
