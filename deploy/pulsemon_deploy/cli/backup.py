"""``pulsemon backup``: everything into a folder, while all runs or while nothing does."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pulsemon_deploy.cli.lazy import FOUND_WRONG
from pulsemon_deploy.cli.output import json_option, print_json, print_rows
from pulsemon_deploy.installation import installation

if TYPE_CHECKING:
    from pulsemon_sinks.backup.manifest import Manifest, PieceFile

PARTS = ("tables", "control")


class FolderGroup(click.Group):
    """A group whose first argument may be a folder: then it is the command ``make`` with it."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Puts ``make`` in front of what names no command."""
        if args and args[0] not in self.commands and args[0] not in ctx.help_option_names:
            args = ["make", *args]
        return super().parse_args(ctx, args)


@click.group(cls=FolderGroup, options_metavar="", subcommand_metavar="DIR | verify DIR")
def backup() -> None:
    """Copy the store and the control log into the new folder DIR, or verify such a copy.

    \b
    pulsemon backup /backup/monday
    pulsemon backup verify /backup/monday
    pulsemon restore /backup/monday
    """


@backup.command(hidden=True)
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--only", type=click.Choice(PARTS), help="The tables of the store, or the control log, alone.")
@click.option("--with-secrets", is_flag=True, help="Also the generated passwords and keys of this home.")
@json_option
def make(folder: Path, only: str | None, with_secrets: bool, as_json: bool) -> None:
    """Copy into DIR, which must not exist. A backup that was cut off goes on where it was."""
    from pulsemon_deploy.backup.making import SECRETS, Backup

    parts = frozenset(PARTS if only is None else (only,)) | (frozenset({SECRETS}) if with_secrets else frozenset())
    run = Backup(installation(os.environ), folder.absolute(), parts, lambda text: click.echo(text, err=True))
    show_progress("copying", run.run())
    assert run.manifest is not None
    _tell(run.manifest, folder, as_json)


@backup.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@json_option
def verify(folder: Path, as_json: bool) -> None:
    """Read every file of the backup DIR and compare it with what was written; exit code 1 if one is damaged."""
    from pulsemon_sinks.backup import check
    from pulsemon_sinks.backup.folder import read_manifest

    manifest = read_manifest(folder.absolute())
    named = check.files(manifest)
    with click.progressbar(
        check.problems(folder, named), len(named), "verifying", file=click.get_text_stream("stderr")
    ) as found:
        problems = [one for one in found if one is not None]
    for one in problems:
        click.echo(f"pulsemon: {one}", err=True)
    if problems:
        click.echo("pulsemon: the backup is damaged and cannot be restored; take another", err=True)
        raise click.exceptions.Exit(FOUND_WRONG)
    _tell(manifest, folder, as_json)


def show_progress(label: str, pieces: "Iterable[PieceFile]") -> None:
    """A line on a terminal that grows with the rows."""
    rows = 0
    stream = click.get_text_stream("stderr")
    for number, piece in enumerate(pieces, 1):
        rows += piece.rows
        if stream.isatty():
            click.echo(f"\r{label}: {number:,} files, {rows:,} rows, {piece.table:<24}", err=True, nl=False)
    if stream.isatty():
        click.echo(err=True)


def table_rows(manifest: "Manifest") -> list[dict[str, object]]:
    """A row for each table of a backup."""
    tables = () if manifest.store is None else manifest.store.tables
    return [
        {
            "table": one.name,
            "rows": one.rows,
            "files": len(one.pieces),
            "bytes": sum(piece.size_bytes for piece in one.pieces),
            "content": f"{one.content:016x}",
        }
        for one in tables
    ]


def _tell(manifest: "Manifest", folder: Path, as_json: bool) -> None:
    rows = table_rows(manifest)
    if as_json:
        cutoffs = [] if manifest.store is None else list(manifest.store.cutoffs)
        print_json(
            {
                "folder": str(folder),
                "backup_id": manifest.backup_id,
                "made_at": manifest.made_at,
                "tables": rows,
                "cutoffs": cutoffs,
                "control": manifest.control,
                "secrets": sorted(manifest.secrets),
            }
        )
        return
    if rows:
        print_rows(rows, as_json=False)
    for line in _lines(manifest, folder):
        click.echo(line)


def _lines(manifest: "Manifest", folder: Path) -> Sequence[str]:
    lines = []
    if manifest.store is not None:
        logs = len(manifest.store.cutoffs)
        lines.append(f"as of the newest blocks that the ledger named: {logs} partitions, in manifest.json")
    if manifest.control is not None:
        lines.append(f"control log: {manifest.control.records:,} records up to offset {manifest.control.end}")
    if manifest.secrets:
        lines.append(f"secrets: {', '.join(Path(name).name for name in sorted(manifest.secrets))}")
    return [*lines, f"{folder}: whole, made at {manifest.made_at}"]
