"""``pulsemon reset``: removes what Pulse Monitor made in a home, and nothing else."""

import contextlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pulsemon_schemas.errors import PermanentError

from pulsemon_deploy.home import Home
from pulsemon_deploy.home_lock import alone
from pulsemon_deploy.supervisor.lock import holder


@contextmanager
def taken(home: Home) -> Iterator[None]:
    """The home for this process alone. PermanentError if it is not ours, or something of it runs."""
    if home.version() is None:
        raise PermanentError(
            f"{home.root} is no home of Pulse Monitor: it has no file `version` of ours. Nothing was deleted. "
            "Is PULSEMON_LOCAL_HOME right?"
        )
    if pid := holder(home.lock_file):
        raise PermanentError(f"Pulse Monitor runs on {home.root} (process {pid}); first stop it: pulsemon down")
    with alone(home):
        yield


def remove(home: Home) -> tuple[str, ...]:
    """Deletes the folders of the layout, and the root if nothing else lies there; the names of what stays there.

    PermanentError if something cannot be deleted; the version file goes last, so it can be tried again.
    """
    try:
        for folder in _folders(home):
            _delete(folder)
        home.version_file.unlink()
        left = tuple(sorted(path.name for path in home.root.iterdir()))
    except OSError as error:
        raise PermanentError(
            f"{error.filename} could not be deleted ({error.strerror}); what was not deleted yet stays. "
            "Give yourself the right to write there and start again: pulsemon reset"
        ) from error
    with contextlib.suppress(OSError):  # not empty, the top of a file system, or in a folder of somebody else
        home.root.rmdir()
    return left


def size_bytes(home: Home) -> int:
    """What the files take on disk."""
    files = (path for folder in _folders(home) for path in folder.rglob("*"))
    return sum(path.stat().st_blocks * 512 for path in files if path.is_file() and not path.is_symlink())


def _folders(home: Home) -> tuple[Path, ...]:
    return home.kafka, home.clickhouse, home.agent, home.ui, home.run, home.logs, home.secrets


def _delete(folder: Path) -> None:
    """A folder may be a link to another disk: then what is there goes, and the link."""
    if folder.exists():
        shutil.rmtree(folder.resolve())
    if folder.is_symlink():
        folder.unlink()
