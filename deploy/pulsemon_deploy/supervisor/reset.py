"""``pulsemon reset``: removes what Pulse Monitor made in a home, and nothing else."""

import contextlib
import shutil
from pathlib import Path

from pulsemon_schemas.errors import PermanentError

from pulsemon_deploy.home import Home
from pulsemon_deploy.supervisor.lock import holder


def refuse_while_running(home: Home) -> None:
    """PermanentError while a supervisor runs on it."""
    if pid := holder(home.lock_file):
        raise PermanentError(f"Pulse Monitor runs on {home.root} (process {pid}); first stop it: pulsemon down")


def remove(home: Home) -> None:
    """Deletes the folders of the layout; the root too, if nothing of somebody else lies there. Raises OSError."""
    for folder in _folders(home):
        if folder.exists():
            shutil.rmtree(folder)
    home.version_file.unlink(missing_ok=True)
    with contextlib.suppress(OSError):
        home.root.rmdir()


def size_bytes(home: Home) -> int:
    """What the files take on disk."""
    files = (path for folder in _folders(home) for path in folder.rglob("*"))
    return sum(path.stat().st_blocks * 512 for path in files if path.is_file() and not path.is_symlink())


def _folders(home: Home) -> tuple[Path, ...]:
    return home.kafka, home.clickhouse, home.agent, home.ui, home.run, home.logs, home.secrets
