"""The schema as numbered SQL files, and the repeatable ones that follow their content; read by ``migration_files``."""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from importlib import resources

PACKAGE = __name__


@dataclass(frozen=True)
class Migration:
    """One file.

    ``version`` counts from 1; 0 marks a repeatable one, which runs again whenever its rendered text changes.
    """

    version: int
    name: str
    source: str

    @cached_property
    def checksum(self) -> str:
        """Of the text before rendering."""
        return checksum(self.source)


def checksum(text: str) -> str:
    """A short fingerprint of a text."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def migration_files() -> tuple[Migration, ...]:
    """All files of the package: the numbered ones in order, then the repeatable ones by name."""
    folder = resources.files(PACKAGE)
    numbered = [
        Migration(int(file.name[:4]), file.name.removesuffix(".sql"), file.read_text("utf-8"))
        for file in folder.iterdir()
        if file.name.endswith(".sql")
    ]
    repeatable = [
        Migration(0, file.name.removesuffix(".sql"), file.read_text("utf-8"))
        for file in (folder / "repeatable").iterdir()
        if file.name.endswith(".sql")
    ]
    return (*sorted(numbered, key=lambda one: one.version), *sorted(repeatable, key=lambda one: one.name))
