"""Files as the entities that they are to be, and everything that is wrong with them, by line."""

import difflib
import json
import tomllib
import urllib.parse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from pulsemon_schemas.catalogue import METRICS
from pulsemon_schemas.rules import RuleError
from pulsemon_schemas.rules.defaults import RULE

from pulsemon_deploy.config_files.kinds import BY_FOLDER, KINDS, FileKind
from pulsemon_deploy.config_files.lines import line_of

SUFFIXES = (".toml", ".json")
CRITICAL = "critical"


class Severity(StrEnum):
    """An error cannot be used; a warning can, and should be mended; a note may be meant so."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about a file."""

    path: Path
    line: int
    severity: Severity
    text: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.severity}: {self.text}"


@dataclass(frozen=True, slots=True)
class Wanted:
    """An entity as a file has it; ``body`` is that of its control record."""

    kind: FileKind
    entity_id: str
    path: Path
    body: Mapping[str, Any]


def read_file(path: Path, kind: FileKind, now_ms: int) -> tuple[Wanted | None, list[Finding]]:
    """The entity in a file, None if there is an error; and all that is to be said of it."""
    text = ""
    try:
        text = path.read_text(encoding="utf-8")
        said = tomllib.loads(text) if path.suffix == ".toml" else json.loads(text)
    except OSError as error:
        return None, [Finding(path, 1, Severity.ERROR, f"cannot be read: {error.strerror}")]
    except (ValueError, RecursionError) as error:
        return None, [
            Finding(path, line_of(text, str(error)), Severity.ERROR, f"is not {path.suffix[1:].upper()}: {error}")
        ]
    if not isinstance(said, dict):
        return None, [Finding(path, 1, Severity.ERROR, "holds no object")]
    entity_id = urllib.parse.unquote(path.stem)
    notes = [Finding(path, line_of(text, note), Severity.NOTE, note) for note in _notes(kind, said)]
    try:
        wanted = Wanted(kind, entity_id, path, kind.written(entity_id, said, now_ms))
    except RuleError as error:
        return None, [*(Finding(path, line_of(text, one), Severity.ERROR, one) for one in error.problems), *notes]
    missing = [Finding(path, line_of(text, one), Severity.WARNING, one) for one in _missing(kind, wanted.body)]
    return wanted, [*missing, *notes]


def read_folder(folder: Path, now_ms: int) -> tuple[list[Wanted], list[Finding]]:
    """All files of a folder that has one of its own for each kind."""
    wanted: list[Wanted] = []
    findings: list[Finding] = []
    for path, kind in files_of(folder, findings):
        one, found = read_file(path, kind, now_ms)
        wanted += [one] if one is not None else []
        findings += found
    findings += _doubled(wanted)
    return wanted, findings


def files_of(folder: Path, findings: list[Finding]) -> Iterator[tuple[Path, FileKind]]:
    """Every file with its kind, in order; what is none of ours is told in ``findings``."""
    known = ", ".join(kind.folder for kind in KINDS)
    if not any((folder / kind.folder).is_dir() for kind in KINDS):
        findings.append(Finding(folder, 1, Severity.ERROR, f"has none of the folders {known}"))
    others = [place for place in sorted(folder.glob("[!.]*")) if place.is_dir() and place.name not in BY_FOLDER]
    findings += [
        Finding(place, 1, Severity.NOTE, f"is none of {known}{_near(place.name, tuple(BY_FOLDER))}") for place in others
    ]
    for kind in KINDS:
        for path in sorted((folder / kind.folder).glob("*")):
            if path.suffix in SUFFIXES and not path.name.startswith("."):
                yield path, kind
            elif not path.name.startswith("."):
                findings.append(
                    Finding(path, 1, Severity.NOTE, f"is passed over: only {' and '.join(SUFFIXES)} are read")
                )


def kind_of(path: Path) -> FileKind:
    """By the folder that the file is in; a rule elsewhere, as ``rule set --file`` takes it."""
    return BY_FOLDER.get(path.absolute().parent.name, BY_FOLDER["rules"])


def _missing(kind: FileKind, body: Mapping[str, Any]) -> list[str]:
    """Who is woken must find what to do."""
    if kind.entity_type == RULE and CRITICAL in body.get("levels", {}) and not body.get("runbook"):
        return [f"runbook: is missing: a rule with the level {CRITICAL} wakes people, who need to find what to do"]
    return []


def _notes(kind: FileKind, said: Mapping[str, Any]) -> list[str]:
    notes = [
        f"{name}: is kept for people{_near(name, sorted(kind.known_fields))}"
        for name in said
        if kind.known_fields and name not in kind.known_fields
    ]
    names = [one.name for one in METRICS]
    metric = said.get("metric")
    if kind.entity_type == RULE and isinstance(metric, str) and metric and metric not in names:
        notes.append(f"metric: the catalogue has no {metric}{_near(metric, names)}")
    return notes


def _doubled(wanted: Sequence[Wanted]) -> list[Finding]:
    seen: dict[tuple[str, str], Path] = {}
    found: list[Finding] = []
    for one in wanted:
        key = (one.kind.entity_type, one.entity_id)
        if key in seen:
            found.append(Finding(one.path, 1, Severity.ERROR, f"{seen[key].name} says what {one.entity_id} is, too"))
        seen.setdefault(key, one.path)
    return found


def _near(name: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f"; did you mean {near[0]}?" if near else ""
