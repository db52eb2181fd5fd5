"""``pulsemon apply``: rules, routes, silences and maintenance as a folder of files has them."""

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pulsemon_deploy.cli.change_options import reason_options
from pulsemon_deploy.cli.lazy import FOUND_WRONG, WRONG_USAGE
from pulsemon_deploy.cli.output import json_option, print_json, print_table
from pulsemon_deploy.installation import installation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pulsemon_deploy.config_files.plan import Step
    from pulsemon_deploy.config_files.reading import Finding
    from pulsemon_deploy.control_log import ControlLog


@click.command()
@click.option(
    "-f", "--folder", required=True, type=click.Path(exists=True, file_okay=False, path_type=Path), help="The files."
)
@click.option("--dry-run", is_flag=True, help="Say what would change, and write nothing; exit code 0.")
@click.option("--prune", is_flag=True, help="End what is in no file, of the kinds that have a folder there.")
@reason_options
@json_option
def apply(folder: Path, dry_run: bool, prune: bool, reason: str, on_behalf_of: str | None, as_json: bool) -> None:
    """Make the control log say what the files say: DIR/rules/ID.toml, routes, silences, maintenance.

    Nothing is written unless all files can be used. What says so already is not written again. A change that somebody
    else was quicker with ends it with exit code 1; doing it again goes on.
    """
    from pulsemon_deploy.cli.change_options import CLIENT_ID
    from pulsemon_deploy.config_files.kinds import KINDS
    from pulsemon_deploy.config_files.plan import steps
    from pulsemon_deploy.config_files.reading import Severity, read_folder
    from pulsemon_deploy.control_log import opened

    wanted, findings = read_folder(folder, int(time.time() * 1000))
    tell(findings, as_json=False)
    if any(one.severity is Severity.ERROR for one in findings):
        click.echo("pulsemon: nothing was written", err=True)
        raise click.exceptions.Exit(WRONG_USAGE)
    types = {kind.entity_type for kind in KINDS}
    pruned = [kind for kind in KINDS if prune and (folder / kind.folder).is_dir()]
    with opened(installation(os.environ).kafka("operator"), CLIENT_ID, lambda one: one.entity_type in types) as log:
        plan = steps(log.fold, wanted, pruned)
        rows = [_row(one) if dry_run else _row(one) | _made(log, one, reason, on_behalf_of) for one in plan]
    _print(rows, len(wanted), dry_run, as_json)
    if any(row.get("outcome") == "conflict" for row in rows):
        raise click.exceptions.Exit(FOUND_WRONG)


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="FILE…", type=click.Path(exists=True, path_type=Path))
@json_option
def lint(paths: tuple[Path, ...], as_json: bool) -> None:
    """Say what is wrong with files that `apply` and `rule set --file` take, by line; exit code 1 for more than notes.

    FILE may be a folder, too. What a file is, the name of its folder says; elsewhere it is a rule.
    """
    from pulsemon_deploy.config_files.reading import Severity, kind_of, read_file, read_folder

    now_ms = int(time.time() * 1000)
    findings: list[Finding] = []
    for path in paths:
        findings += (read_folder(path, now_ms) if path.is_dir() else read_file(path, kind_of(path), now_ms))[1]
    tell(findings, as_json)
    if any(one.severity is not Severity.NOTE for one in findings):
        raise click.exceptions.Exit(FOUND_WRONG)
    if not findings and not as_json:
        click.echo("all can be used")


def tell(findings: "Sequence[Finding]", as_json: bool) -> None:
    """A line each, as compilers write them."""
    if as_json:
        print_json(
            [{"path": one.path, "line": one.line, "severity": one.severity, "text": one.text} for one in findings]
        )
        return
    for one in findings:
        click.echo(str(one), err=True)


def _row(step: "Step") -> dict[str, Any]:
    return {
        "what": step.word,
        "kind": step.kind.entity_type,
        "id": step.entity_id,
        "version": step.version,
        "fields": list(step.fields),
    }


def _made(log: "ControlLog", step: "Step", reason: str, on_behalf_of: str | None) -> dict[str, Any]:
    """The version that was made, or who made another one first."""
    from pulsemon_schemas.control import PUT

    from pulsemon_deploy.cli.change_options import attempted, intent
    from pulsemon_deploy.control_log import Conflict
    from pulsemon_deploy.key_changes import text_of

    said = {"reason": reason, "on_behalf_of": on_behalf_of, "change_id": None, "expected_version": step.version}
    body = text_of(step.body) if step.operation == PUT else ""
    outcome = attempted(log, intent(said), (step.kind.entity_type, step.entity_id), step.operation, body)
    if isinstance(outcome, Conflict):
        return {"outcome": "conflict", "version": outcome.version}
    return {"outcome": "made", "version": outcome}


def _print(rows: list[dict[str, Any]], files: int, dry_run: bool, as_json: bool) -> None:
    if as_json:
        print_json({"files": files, "dry_run": dry_run, "changes": rows})
        return
    print_table(rows, f"all {files} files say what is in force; nothing was written")
    if rows and dry_run:
        click.echo("\nnothing was written: this is a dry run")
