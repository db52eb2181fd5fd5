"""The folder that holds everything of one machine: data, secrets, state and logs."""

import contextlib
import secrets
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pulsemon_schemas.errors import PermanentError

LAYOUT_VERSION = 1
OTHERS = 0o077
# What an empty folder may hold, if it is the top of a file system of its own.
OF_THE_FILE_SYSTEM = frozenset({"lost+found"})
NAMED_THINGS = 3


class HomeError(PermanentError):
    """The home cannot be used as it is; nothing in it was changed."""


@dataclass(frozen=True, slots=True)
class Home:
    """The layout; nothing exists before ``prepare``."""

    root: Path

    @property
    def version_file(self) -> Path:
        """The number of the layout."""
        return self.root / "version"

    @property
    def secrets(self) -> Path:
        """What only the owner may read."""
        return self.root / "secrets"

    @property
    def kafka(self) -> Path:
        """The local broker's data and settings."""
        return self.root / "kafka"

    @property
    def clickhouse(self) -> Path:
        """The embedded engine's data."""
        return self.root / "clickhouse"

    @property
    def agent(self) -> Path:
        """The agent's state."""
        return self.root / "agent"

    @property
    def ui(self) -> Path:
        """The dashboard's state."""
        return self.root / "ui"

    @property
    def run(self) -> Path:
        """What is only of interest while something runs."""
        return self.root / "run"

    @property
    def logs(self) -> Path:
        """One log for each role."""
        return self.root / "logs"

    @property
    def state_file(self) -> Path:
        """What the supervisor tells ``status``."""
        return self.run / "state.json"

    @property
    def lock_file(self) -> Path:
        """Held by the supervisor."""
        return self.run / "lock"

    @property
    def kafka_secret(self) -> Path:
        """What all passwords of the local broker come from."""
        return self.secrets / "kafka"

    @property
    def operator_token(self) -> Path:
        """What opens the control API to whoever may read this home."""
        return self.secrets / "operator-token"

    @property
    def access_secret(self) -> Path:
        """What the dashboard's one-time links are made with."""
        return self.secrets / "dashboard"

    def version(self) -> int | None:
        """The layout that the folder has, None if there is none yet. HomeError if it cannot be told."""
        try:
            text = self.version_file.read_text().strip()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise HomeError(f"{self.version_file} cannot be read ({error.strerror}); nothing was changed.") from error
        if not text.isdigit():
            raise HomeError(f"{self.version_file} holds no number; nothing was changed. Put {LAYOUT_VERSION} there.")
        return int(text)

    def check(self) -> None:
        """HomeError if a newer program made it."""
        version = self.version()
        if version is not None and version > LAYOUT_VERSION:
            raise HomeError(
                f"{self.root} was made by a newer Pulse Monitor (layout {version}, this one knows {LAYOUT_VERSION}); "
                "nothing was changed. Install that version, or set PULSEMON_LOCAL_HOME to another folder."
            )

    def foreign(self) -> tuple[str, ...]:
        """Names of what lies in a folder that we did not make; none in one that is ours, empty or not there."""
        if self.version() is not None or not self.root.is_dir():
            return ()
        return tuple(sorted(path.name for path in self.root.iterdir() if path.name not in OF_THE_FILE_SYSTEM))

    def found(self) -> None:
        """Makes the folder and its version file, for the owner alone. HomeError, also for somebody else's folder."""
        self.check()
        with self.explained():
            if strange := self.foreign():
                raise HomeError(
                    f"{self.root} is not empty, and Pulse Monitor did not make it (it holds {_some(strange)}); "
                    "nothing was changed. Set PULSEMON_LOCAL_HOME to a new or empty folder."
                )
            self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
            if stat.S_IMODE(self.root.stat().st_mode) & OTHERS:
                self.root.chmod(0o700)
            if self.version() is None:
                _write_at_once(self.version_file, f"{LAYOUT_VERSION}\n")

    def prepare(self) -> None:
        """Checks, then makes what is missing; only the owner may look into it. HomeError."""
        self.found()
        with self.explained():
            for folder in (self.secrets, self.agent, self.ui, self.run, self.logs):
                folder.mkdir(exist_ok=True, mode=0o700)
            self.secrets.chmod(0o700)

    @contextlib.contextmanager
    def explained(self) -> Iterator[None]:
        """Within it an OSError becomes a HomeError."""
        try:
            yield
        except OSError as error:
            raise HomeError(
                f"{self.root} cannot be made ready ({error.strerror}: {error.filename}). "
                "Free space or give yourself the right to write there, or set PULSEMON_LOCAL_HOME to another folder."
            ) from error

    def password(self, name: str, make: Callable[[], str] = lambda: secrets.token_hex(24)) -> str:
        """The generated password of that name, made at the first call; its file is for the owner alone. HomeError."""
        path = self.secrets / name
        if not path.exists():
            self.prepare()
            staging = path.with_name(f".{name}.{secrets.token_hex(4)}")
            staging.touch(mode=0o600)
            staging.write_text(f"{make()}\n")
            _first_wins(staging, path)
        return path.read_text().strip()


def _some(names: tuple[str, ...]) -> str:
    return ", ".join(names[:NAMED_THINGS]) + (", …" if len(names) > NAMED_THINGS else "")


def _write_at_once(path: Path, text: str) -> None:
    """Nobody sees a file without its content."""
    staging = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        staging.write_text(text)
        staging.replace(path)
    finally:
        staging.unlink(missing_ok=True)


def _first_wins(staging: Path, path: Path) -> None:
    """Two processes may make the same secret at once: both then read the one that was first."""
    try:
        path.hardlink_to(staging)
    except FileExistsError:
        pass
    finally:
        staging.unlink()
