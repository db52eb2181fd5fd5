"""The folder that holds everything of one machine: data, secrets, state and logs."""

import secrets
from dataclasses import dataclass
from pathlib import Path

from pulsemon_schemas.errors import PermanentError

LAYOUT_VERSION = 1


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

    def prepare(self) -> None:
        """Checks, then makes what is missing; only the owner may look into it. HomeError."""
        self.check()
        try:
            self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
            for folder in (self.secrets, self.agent, self.ui, self.run, self.logs):
                folder.mkdir(exist_ok=True, mode=0o700)
            self.secrets.chmod(0o700)
            if self.version() is None:
                self.version_file.write_text(f"{LAYOUT_VERSION}\n")
        except OSError as error:
            raise HomeError(
                f"{self.root} cannot be made ready ({error.strerror}: {error.filename}). "
                "Free space or give yourself the right to write there, or set PULSEMON_LOCAL_HOME to another folder."
            ) from error

    def password(self, name: str) -> str:
        """The generated password of that name, made at the first call; its file is for the owner alone."""
        path = self.secrets / name
        if not path.exists():
            self.secrets.mkdir(parents=True, exist_ok=True, mode=0o700)
            staging = path.with_name(f".{name}.{secrets.token_hex(4)}")
            staging.touch(mode=0o600)
            staging.write_text(f"{secrets.token_hex(24)}\n")
            _first_wins(staging, path)
        return path.read_text().strip()


def _first_wins(staging: Path, path: Path) -> None:
    """Two processes may make the same secret at once: both then read the one that was first."""
    try:
        path.hardlink_to(staging)
    except FileExistsError:
        pass
    finally:
        staging.unlink()
