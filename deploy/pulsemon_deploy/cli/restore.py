"""``pulsemon restore``: a backup into an installation that nothing was stored in yet."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pulsemon_deploy.cli.backup import show_progress
from pulsemon_deploy.cli.output import json_option, print_json, print_rows
from pulsemon_deploy.installation import installation

if TYPE_CHECKING:
    from pulsemon_deploy.backup.restoring import Restored

PARTS = ("tables", "control", "secrets")


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--only", type=click.Choice(PARTS), help="One part alone. Secrets are never restored unless asked for.")
@json_option
def restore(folder: Path, only: str | None, as_json: bool) -> None:
    """Put the backup DIR into an empty store and an empty Kafka, then compare what is there with what was copied.

    Nothing is changed if a file is damaged, or if there is anything already. This machine's own Kafka and ClickHouse
    are started for it; then `pulsemon up` goes on.
    """
    from pulsemon_deploy.backup.restoring import Restore

    parts = None if only is None else frozenset({only})
    run = Restore(installation(os.environ), folder.absolute(), parts, lambda text: click.echo(text, err=True))
    show_progress("restoring", run.run())
    restored = run.restored
    rows = _rows(restored)
    if as_json:
        print_json(
            {
                "tables": rows,
                "control": restored.log,
                "fold": restored.fold,
                "alerts_ended": restored.ended,
                "secrets": restored.secrets,
            }
        )
        return
    if rows:
        print_rows(rows, as_json=False)
    for line in _lines(restored):
        click.echo(line)


def _rows(restored: "Restored") -> list[dict[str, object]]:
    return [
        {
            "table": one.table,
            "copied": one.rows,
            "found": one.found_rows,
            "content": f"{one.content:016x}",
            "found_content": f"{one.found_content:016x}",
        }
        for one in restored.tables
    ]


def _lines(restored: "Restored") -> list[str]:
    lines = []
    if restored.log is not None:
        lines.append(
            f"control log: all records at their offsets, {restored.log.written:,} of them written now; the "
            f"configuration is the one that was copied ({restored.fold[:12]})"
        )
        if restored.log.other_times:
            lines.append(f"{restored.log.other_times:,} of them have the time of now: Kafka did not take that of then")
    if restored.ended:
        lines.append(f"{restored.ended} alerts were open then and end now; what is still wrong is found again")
    if restored.secrets:
        lines.append(f"secrets: {', '.join(restored.secrets)}")
    return [*lines, "restored"]
