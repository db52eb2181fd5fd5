"""``pulsemon rule``: the rules in the control log, what was made of them, and by whom."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from pulsemon_deploy.cli.as_of import as_of_option, entities_as_of
from pulsemon_deploy.cli.change_options import change_options
from pulsemon_deploy.cli.lazy import FOUND_WRONG, WRONG_USAGE
from pulsemon_deploy.cli.output import json_option, print_json, print_rows, print_table
from pulsemon_deploy.cli.rule_preview import preview
from pulsemon_deploy.cli.rule_shadow import shadow
from pulsemon_deploy.installation import installation
from pulsemon_deploy.invocation import as_invoked

if TYPE_CHECKING:
    from pulsemon_schemas.control import Entity
    from pulsemon_schemas.rules import Rule

    from pulsemon_deploy.control_log import ControlLog
    from pulsemon_deploy.rule_edits import Edits

RULE = "rule"
LEVEL_OPTIONS = {
    "limit": "When a level is entered",
    "recovery": "When it is over",
    "for_seconds": "How long the limit must be crossed before",
    "keep_firing_seconds": "How long it goes on after",
}


@click.group()
def rule() -> None:
    """Rules: when something is wrong with a server."""


rule.add_command(preview)
rule.add_command(shadow)


@rule.command("list")
@click.option("--defaults", is_flag=True, help="Only those that come with Pulse Monitor; nothing needs to run.")
@as_of_option
@json_option
def list_rules(defaults: bool, as_of_ms: int | None, as_json: bool) -> None:
    """List the rules that are in force, or with --as-of those that were in force then."""
    from pulsemon_deploy.cli import rule_rows

    if defaults and as_of_ms is not None:
        raise click.UsageError("--defaults are those of this version; --as-of asks for those of a time")
    if defaults:
        _print_defaults(as_json)
        return
    if as_of_ms is not None:
        rows = [rule_rows.row(one) for one in entities_as_of(RULE, as_of_ms)]
        print_rows(rows, as_json, "no rule was in force then")
        return
    with _log() as log:
        print_rows(list(rule_rows.rows(log)), as_json)


def _print_defaults(as_json: bool) -> None:
    from pulsemon_deploy.cli import rule_rows

    if as_json:
        print_json(rule_rows.default_rows())
        return
    print_table(rule_rows.default_table())
    for role, rule_ids in rule_rows.default_exceptions().items():
        click.echo(f"\nservers of the role {role} are not judged by: {', '.join(rule_ids)}")


@rule.command()
@click.argument("rule_id")
@json_option
def show(rule_id: str, as_json: bool) -> None:
    """Show one rule in full."""
    from pulsemon_deploy.cli.rule_rows import shown

    with _log() as log:
        entity = log.fold.entities(RULE).get(rule_id)
        change = log.change_at(entity.version) if entity else None
    if entity is None or change is None:
        _unknown(rule_id, "is in force")
    facts = shown(entity, change)
    if as_json:
        print_json(facts)
        return
    print_table([{"field": field, "value": value} for field, value in facts.items() if field != "body" and value != ""])
    click.echo()
    click.echo(json.dumps(facts["body"], indent=2))


@rule.command()
@click.argument("rule_id")
@json_option
def history(rule_id: str, as_json: bool) -> None:
    """Show every record about a rule, also those that did nothing because another one came first."""
    from pulsemon_deploy.cli.control_rows import history_row

    with _log() as log:
        changes = log.of(RULE, rule_id)
    if not changes:
        _unknown(rule_id, "was ever written")
    if as_json:
        print_json(
            [{**history_row(one), "change_id": one.record.change_id, "body": one.record.body} for one in changes]
        )
    else:
        print_table([history_row(one) for one in changes])


def _level_options(command: Any) -> Any:
    for field, text in reversed(LEVEL_OPTIONS.items()):
        name = f"--{field.removesuffix('_seconds').replace('_', '-')}"
        unit = "LEVEL=SECONDS" if field.endswith("_seconds") else "LEVEL=VALUE"
        command = click.option(name, field, multiple=True, metavar=unit, help=f"{text}; repeatable.")(command)
    return command


@rule.command("set")
@click.argument("rule_id")
@click.option("--file", "path", type=click.Path(dir_okay=False, path_type=Path), help="The whole rule, TOML or JSON.")
@click.option("--metric", help="Which metric it judges.")
@click.option("--operator", help="One of >=, >, <=, <.")
@click.option("--window", default="", metavar="FUNCTION[:SECONDS]", help="How samples become one value: avg:300.")
@click.option("--match", multiple=True, metavar="LABEL=VALUE", help="Only series with this label; repeatable.")
@click.option("--scope", default="", metavar="KIND[=VALUE]", help="For whom: global, environment=prod, server=web-1.")
@click.option("--scope-label", "scope_labels", multiple=True, metavar="LABEL=VALUE", help="For a scope with labels.")
@_level_options
@click.option("--no-level", "without_levels", multiple=True, metavar="LEVEL", help="Take a level away; repeatable.")
@click.option("--enabled/--disabled", default=None, help="Whether it judges at all.")
@click.option("--summary", help="What is wrong when it fires.")
@click.option("--runbook", help="What to do then: an address.")
@click.option("--owner", help="Whose rule it is.")
@click.option("--dry-run", is_flag=True, help="Say what the rule would be, and write nothing.")
@change_options
@json_option
def set_rule(rule_id: str, path: Path | None, dry_run: bool, as_json: bool, **given: Any) -> None:
    """Make a rule, or change one: what is said replaces what was, all else stays. What changes nothing writes nothing.

    \b
    pulsemon rule set fs_space --limit critical=0.9 --for critical=600
    pulsemon rule set db_memory --metric system.memory.available.ratio --operator '<=' --limit warning=0.2 \\
        --scope role=db --reason 'they cache everything'
    """
    from pulsemon_schemas.control import PUT
    from pulsemon_schemas.rules import rule_body

    from pulsemon_deploy.cli.change_options import intent, make, tell_unchanged

    what, edits = intent(given), _edits(given)
    if path is None and edits.are_none:
        raise click.UsageError("say what to set: --file, or one of the other options")
    if path is not None and dry_run:
        _print_dry(_judged(rule_id, path, {}, edits), as_json)
        return
    with _log() as log:
        entity = log.fold.entities(RULE).get(rule_id)
        before = dict(entity.body) if entity else {}
        judged = _judged(rule_id, path, before, edits)
        _tell_doubts(log, judged)
        if dry_run:
            _print_dry(judged, as_json)
        elif entity is not None and _is_in_force(entity, judged) and what.expected_version in (None, entity.version):
            tell_unchanged(entity.version, (RULE, rule_id), as_json)
        else:
            make(log, what, (RULE, rule_id), PUT, json.dumps(rule_body(judged), sort_keys=True), as_json)


@rule.command()
@click.argument("rule_id")
@change_options
@json_option
def delete(rule_id: str, as_json: bool, **given: Any) -> None:
    """End a rule. Its alerts expire; its history stays."""
    from pulsemon_schemas.control import DELETE

    from pulsemon_deploy.cli.change_options import intent, make

    what = intent(given)
    with _log() as log:
        is_retry = any(one.record.change_id == what.change_id for one in log.of(RULE, rule_id))
        if rule_id not in log.fold.entities(RULE) and not is_retry:
            _unknown(rule_id, "is in force")
        make(log, what, (RULE, rule_id), DELETE, "", as_json)


@contextmanager
def _log() -> "Iterator[ControlLog]":
    from pulsemon_deploy.cli.change_options import CLIENT_ID
    from pulsemon_deploy.control_log import opened

    with opened(installation(os.environ).kafka("operator"), CLIENT_ID, lambda one: one.entity_type == RULE) as log:
        yield log


def _edits(given: dict[str, Any]) -> "Edits":
    from pulsemon_deploy.rule_edits import Edits

    levels = {field: given.pop(field) for field in LEVEL_OPTIONS}
    names = ("window", "scope", "scope_labels", "match", "without_levels")
    named = {name: given.pop(name) for name in names}
    return Edits({name: value for name, value in given.items() if value is not None}, levels=levels, **named)


def _is_in_force(entity: "Entity", judged: "Rule") -> bool:
    """Whether the rule says what is in force already."""
    from pulsemon_schemas.rules import Rule, rule_body

    from pulsemon_deploy.cli.rule_rows import parsed

    current = parsed(entity)
    return isinstance(current, Rule) and rule_body(current) == rule_body(judged)


def _judged(rule_id: str, path: Path | None, before: dict[str, Any], edits: "Edits") -> "Rule":
    """The rule in a file, or the one before, with the edits; all that is wrong with it at once, and exit code 2."""
    from pulsemon_schemas.rules import RuleError, parse_rule

    from pulsemon_deploy.rule_edits import edited, read_body

    try:
        return parse_rule(rule_id, edited(read_body(path) if path else before, edits))
    except RuleError as error:
        click.echo(f"pulsemon: {error}\nNothing was written.", err=True)
        raise click.exceptions.Exit(WRONG_USAGE) from error


def _tell_doubts(log: "ControlLog", judged: "Rule") -> None:
    """What is allowed and yet may not be meant."""
    from pulsemon_schemas.catalogue import METRICS
    from pulsemon_schemas.rules import Rule, ties

    from pulsemon_deploy.cli.rule_rows import parsed

    if judged.metric and judged.metric not in {one.name for one in METRICS}:
        click.echo(
            f"note: the catalogue has no metric {judged.metric}; the rule waits for somebody to send it", err=True
        )
    others = [one for one in map(parsed, log.fold.entities(RULE).values()) if isinstance(one, Rule)]
    for other in ties(others, judged):
        first = min(other, judged.id)
        click.echo(
            f"note: {other} has the same scope and metric; where both cover a series {first} judges it", err=True
        )


def _print_dry(judged: "Rule", as_json: bool) -> None:
    from pulsemon_schemas.rules import rule_body

    if not as_json:
        click.echo(f"rule {judged.id} would be, and nothing was written:")
    print_json(rule_body(judged))


def _unknown(rule_id: str, what: str) -> NoReturn:
    click.echo(as_invoked(f"pulsemon: no rule {rule_id!r} {what}; `pulsemon rule list` shows them"), err=True)
    raise click.exceptions.Exit(FOUND_WRONG)
