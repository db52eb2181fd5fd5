"""What a backup says of itself: of which moment it is, and which files hold how many rows of what content."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import reduce
from operator import xor
from typing import Any

from pulsemon_schemas.errors import PermanentError

from pulsemon_sinks.backup.cutoffs import Cutoff
from pulsemon_sinks.backup.tables import Column

FORMAT = 1
MANIFEST = "manifest.json"


class BackupError(PermanentError):
    """A backup cannot be made, is not whole, or does not fit. The message says what was kept, and what to do."""


@dataclass(frozen=True, slots=True)
class PieceFile:
    """A finished file. ``content``: the hashes of its rows, each as the engine makes it, by exclusive or."""

    table: str
    file: str
    rows: int
    size_bytes: int
    sha256: str
    content: int


@dataclass(frozen=True, slots=True)
class TableCopy:
    """One table. ``ttl`` is how long the engine kept its rows."""

    name: str
    columns: tuple[Column, ...]
    ttl: str
    pieces: tuple[PieceFile, ...]

    @property
    def rows(self) -> int:
        """How many there are."""
        return sum(one.rows for one in self.pieces)

    @property
    def content(self) -> int:
        """The hash of all rows, in any order."""
        return reduce(xor, (one.content for one in self.pieces), 0)


@dataclass(frozen=True, slots=True)
class Applied:
    """A migration that the database had."""

    version: int
    name: str
    checksum: str


@dataclass(frozen=True, slots=True)
class StoreCopy:
    """The tables of one database, as of ``cutoffs``."""

    engine: str
    database: str
    migrations: tuple[Applied, ...]
    cutoffs: tuple[Cutoff, ...]
    tables: tuple[TableCopy, ...]


@dataclass(frozen=True, slots=True)
class LogCopy:
    """The control log up to ``end``, which is not in it. ``fold``: a hash of the configuration that it makes."""

    topic: str
    topic_id: str
    end: int
    records: int
    file: str
    size_bytes: int
    sha256: str
    fold: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """The whole backup; None for a part that was left out. ``secrets``: names of files, if they were asked for."""

    backup_id: str
    made_at: str
    program: str
    store: StoreCopy | None = None
    control: LogCopy | None = None
    secrets: Mapping[str, str] = field(default_factory=dict)

    def as_json(self) -> str:
        """The text of the file."""
        return json.dumps({"format": FORMAT, **asdict(self)}, indent=1)


def parse_manifest(text: str) -> Manifest:
    """BackupError for a text that is none, or of a newer program."""
    try:
        found = json.loads(text)
        if found["format"] > FORMAT:
            raise BackupError(
                f"the backup has format {found['format']}, this program knows {FORMAT}: nothing was read; install the "
                "pulsemon that made it, or a newer one"
            )
        return Manifest(
            found["backup_id"],
            found["made_at"],
            found["program"],
            _store(found["store"]) if found["store"] else None,
            LogCopy(**found["control"]) if found["control"] else None,
            found["secrets"],
        )
    except (ValueError, KeyError, TypeError) as error:
        raise BackupError(f"the manifest cannot be read ({error!r}): the backup is of no use; take another") from error


def _store(found: Mapping[str, Any]) -> StoreCopy:
    return StoreCopy(
        found["engine"],
        found["database"],
        tuple(Applied(**one) for one in found["migrations"]),
        tuple(Cutoff(**one) for one in found["cutoffs"]),
        tuple(_table(one) for one in found["tables"]),
    )


def _table(found: Mapping[str, Any]) -> TableCopy:
    return TableCopy(
        found["name"],
        tuple(Column(**one) for one in found["columns"]),
        found["ttl"],
        tuple(PieceFile(**one) for one in found["pieces"]),
    )
