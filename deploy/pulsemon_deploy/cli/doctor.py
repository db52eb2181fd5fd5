"""``pulsemon doctor``."""

import os

import click

from pulsemon_deploy.cli.lazy import FOUND_WRONG
from pulsemon_deploy.cli.output import json_option, print_json
from pulsemon_deploy.installation import installation
from pulsemon_deploy.invocation import as_invoked

NAME_WIDTH = 13
VERDICT_WIDTH = 8


@click.command()
@json_option
@click.pass_context
def doctor(context: click.Context, as_json: bool) -> None:
    """Say what is wrong with this installation, and what to do; exit code 1 if anything is."""
    from pulsemon_deploy.doctor import Finding, Verdict, examine

    findings: list[tuple[str, Finding]] = []
    for name, finding in examine(installation(os.environ)):
        findings.append((name, finding))
        if not as_json:
            click.echo(f"{name:<{NAME_WIDTH}}{finding.verdict:<{VERDICT_WIDTH}} {as_invoked(finding.found)}")
            if finding.advice:
                click.echo(f"{'':<{NAME_WIDTH + VERDICT_WIDTH}} -> {as_invoked(finding.advice)}")
    if as_json:
        print_json([{"check": name, **_fields(finding)} for name, finding in findings])
    if any(finding.verdict is Verdict.PROBLEM for _, finding in findings):
        context.exit(FOUND_WRONG)


def _fields(finding: object) -> dict[str, object]:
    from dataclasses import asdict

    return asdict(finding)  # type: ignore[call-overload,no-any-return]  # a Finding
