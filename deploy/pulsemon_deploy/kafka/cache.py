"""The folder shared by all installations of one user: jars, and the start-up cache of the Java runtime."""

import fcntl
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from pulsemon_deploy import base_folders


def cache_folder(environ: Mapping[str, str]) -> Path:
    """``$XDG_CACHE_HOME/pulsemon``, or ``~/.cache/pulsemon``; nothing is created."""
    return base_folders.cache_folder(environ) / "pulsemon"


@contextmanager
def exclusive(folder: Path, what: str) -> Iterator[None]:
    """One process at a time fills ``what`` in the cache; the others wait here and then find it filled.

    Folders named ``.WHAT.…`` are for filling it; one that is here already was left by a killed process, and goes.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f".{what}.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        for leftover in folder.glob(f".{what}.*/"):
            shutil.rmtree(leftover, ignore_errors=True)
        yield
