"""Whether the files of a backup are what was written."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pulsemon_sinks.backup import arrow
from pulsemon_sinks.backup.folder import sha256
from pulsemon_sinks.backup.manifest import Manifest


@dataclass(frozen=True, slots=True)
class NamedFile:
    """A file that a manifest names. ``rows`` None: it holds no rows of a table."""

    name: str
    sha256: str
    rows: int | None = None


def files(manifest: Manifest) -> tuple[NamedFile, ...]:
    """Every file of a backup but the manifest."""
    tables = () if manifest.store is None else manifest.store.tables
    control = () if manifest.control is None else (NamedFile(manifest.control.file, manifest.control.sha256),)
    return (
        *(NamedFile(piece.file, piece.sha256, piece.rows) for table in tables for piece in table.pieces),
        *control,
        *(NamedFile(name, digest) for name, digest in manifest.secrets.items()),
    )


def problems(root: Path, named: tuple[NamedFile, ...]) -> Iterator[str | None]:
    """For each file what is wrong with it, or None."""
    for one in named:
        yield _problem(root / one.name, one)


def _problem(path: Path, one: NamedFile) -> str | None:
    try:
        if sha256(path) != one.sha256:
            return f"{one.name} is not what was written"
        if one.rows is not None and (found := arrow.row_count(path)) != one.rows:
            return f"{one.name} holds {found:,} rows instead of {one.rows:,}"
    except (OSError, ValueError) as error:
        return f"{one.name} cannot be read: {error}"
    return None
