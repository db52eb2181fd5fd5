"""Unit files of systemd, read by its own rules."""

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Line:
    """One assignment."""

    section: str
    name: str
    value: str


def lines(path: Path) -> Iterator[Line]:
    """Every assignment of the file, in order. AssertionError for what is none."""
    section = ""
    for number, text in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        line = text.strip()
        if not line or line.startswith(("#", ";")):
            continue
        if line.startswith("["):
            assert line.endswith("]"), f"{path}:{number}"
            section = line[1:-1]
            continue
        name, equals, value = line.partition("=")
        assert section, f"{path}:{number} stands before any section"
        assert equals, f"{path}:{number} is no assignment"
        assert name == name.strip(), f"{path}:{number} has a blank before ="
        yield Line(section, name, value)


def words(value: str) -> list[str]:
    """The words of a value, quoted as systemd has it."""
    return shlex.split(value)
