"""Everything that the settings of a host add to its agent. They come from its TOML file: nothing else is ever read."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pulsemon_schemas.errors import SettingsError
from pulsemon_schemas.runtime.settings import load_rows

from pulsemon_producers.custom.checks import check_name
from pulsemon_producers.custom.probe.settings import ProbeSettings
from pulsemon_producers.custom.program.settings import ProgramSettings
from pulsemon_producers.custom.scrape.settings import ScrapeSettings
from pulsemon_producers.custom.text_files.settings import TextFileSettings

TABLES: Mapping[str, type[Any]] = {
    "probe": ProbeSettings,
    "scrape": ScrapeSettings,
    "exec": ProgramSettings,
    "textfile": TextFileSettings,
}
"""The tables of the file, and what a row of each is."""
MAX_ROWS = 200
"""Each row has a thread of its own."""


@dataclass(frozen=True, slots=True)
class CustomSettings:
    """``packages`` are names of entry points, the others are rows of the file."""

    packages: tuple[str, ...] = ()
    probes: tuple[ProbeSettings, ...] = ()
    scrapes: tuple[ScrapeSettings, ...] = ()
    programs: tuple[ProgramSettings, ...] = ()
    folder: TextFileSettings | None = None


def custom_settings(file: Path | None, packages: tuple[str, ...] = ()) -> CustomSettings:
    """What the file and ``packages`` add. Raises SettingsError with everything that is wrong."""
    problems = list(_bad_names(packages))
    rows: Mapping[str, tuple[Any, ...]] = dict.fromkeys(TABLES, ())
    if file is not None:
        try:
            rows = load_rows(TABLES, file)
        except SettingsError as error:
            problems += error.problems
    problems += [problem for table in TABLES for problem in _among_rows(table, rows[table])]
    if problems:
        raise SettingsError(problems)
    folder = rows["textfile"][0] if rows["textfile"] else None
    return CustomSettings(packages, rows["probe"], rows["scrape"], rows["exec"], folder)


def _bad_names(packages: tuple[str, ...]) -> Iterator[str]:
    for name in packages:
        try:
            check_name(name)
        except ValueError as error:
            yield f"PULSEMON_AGENT_COLLECTORS: {error}"


def _among_rows(table: str, rows: tuple[Any, ...]) -> Iterator[str]:
    """What is wrong with rows that are right by themselves."""
    if table == "textfile":
        if len(rows) > 1:
            yield "[textfile] comes more than once: keep one"
        return
    if len(rows) > MAX_ROWS:
        yield f"[[{table}]] comes {len(rows)} times: keep {MAX_ROWS}"
    for name, count in Counter(row.name for row in rows).items():
        if count > 1:
            yield f"[[{table}]] has the name {name!r} {count} times: give each its own"
