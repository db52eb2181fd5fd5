"""Golden expositions: ``pages/CASE/page.prom`` (0.0.4) or ``page.om`` (OpenMetrics), and what comes of it.

``expected.txt`` has a line for each series, or one that begins with ``error:``. A new case needs no code: run this file
with the case's folder to write its ``expected.txt``, and read that before it is committed.
"""

import sys
from pathlib import Path

from pulsemon_producers.collectors.base import label_text
from pulsemon_producers.custom.exposition.page import ExpositionError, parse_page

FOLDER = Path(__file__).with_name("pages")


def cases() -> list[Path]:
    """All folders of cases."""
    return sorted(path for path in FOLDER.iterdir() if path.is_dir())


def outcome(case: Path) -> str:
    """What the parser says of the case's page."""
    (page,) = case.glob("page.*")
    try:
        series = parse_page(page.read_bytes().decode(), is_open_metrics=page.suffix == ".om")
    except ExpositionError as error:
        return f"error: {error}\n"
    lines = [f"{one.kind} {one.sample.name}{{{label_text(one.sample.labels)}}} {one.sample.value!r}" for one in series]
    return "".join(f"{line}\n" for line in lines)


if __name__ == "__main__":
    for folder in map(Path, sys.argv[1:]):
        (folder / "expected.txt").write_text(outcome(folder.resolve()))
