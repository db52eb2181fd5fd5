"""``pulsemon rule shadow``: a new version of a rule beside the one in force, on the live stream."""

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from pulsemon_deploy.cli.change_options import change_options
from pulsemon_deploy.cli.lazy import FOUND_WRONG, WRONG_USAGE
from pulsemon_deploy.cli.moment import Moment
from pulsemon_deploy.cli.output import json_option, print_json, print_rows, print_table
from pulsemon_deploy.cli.store import asking
from pulsemon_deploy.installation import installation
from pulsemon_deploy.invocation import as_invoked

if TYPE_CHECKING:
    from pulsemon_schemas.control import Entity

    from pulsemon_deploy.cli.change_options import Intent
    from pulsemon_deploy.control_log import ControlLog

RULE, SHADOW = "rule", "shadow"
SHOWN = 20


@click.group()
def shadow() -> None:
    """A version of a rule beside the one in force: it is judged and calls nobody."""


@shadow.command()
@click.argument("rule_id")
@click.option("--file", "path", required=True, type=click.Path(dir_okay=False, path_type=Path), help="TOML or JSON.")
@change_options
@json_option
def start(rule_id: str, path: Path, as_json: bool, **given: Any) -> None:
    """Judge the rule in a file beside the one in force, where it would be in its place.

    Its events go to pulsemon.alerts-shadow; the store keeps them for 90 days. Another file replaces the first one.
    """
    from pulsemon_schemas.control import PUT
    from pulsemon_schemas.rules import RuleError, rule_body
    from pulsemon_schemas.rules.shadow import parse_shadow, real

    from pulsemon_deploy.cli.change_options import intent, make
    from pulsemon_deploy.rule_edits import read_body

    try:
        rule = real(parse_shadow(rule_id, read_body(path)))
    except RuleError as error:
        click.echo(f"pulsemon: {error}\nNothing was written.", err=True)
        raise click.exceptions.Exit(WRONG_USAGE) from error
    what = intent(given)
    with _log() as log:
        make(log, what, (SHADOW, rule_id), PUT, json.dumps(rule_body(rule), sort_keys=True), as_json)


@shadow.command("list")
@json_option
def list_shadows(as_json: bool) -> None:
    """List the rules that have a version in shadow."""
    from pulsemon_deploy.cli.control_rows import instant

    with _log() as log:
        rows = [
            {
                "rule": rule_id,
                "version": entity.version,
                "since": instant(_started_ms(log, entity)),
                "author": entity.author,
                "in_force": log.fold.version(RULE, rule_id) if rule_id in log.fold.entities(RULE) else None,
                "reason": entity.reason or "-",
            }
            for rule_id, entity in sorted(log.fold.entities(SHADOW).items())
        ]
    print_rows(rows, as_json, "no rule is in shadow")


@shadow.command()
@click.argument("rule_id")
@click.option("--since", "since_ms", type=Moment(), help="From here on.  [default: since it is in shadow]")
@json_option
def compare(rule_id: str, since_ms: int | None, as_json: bool) -> None:
    """Show what the version in shadow said, against what the rule in force did."""
    from pulsemon_sinks.reader.shadow import said_by_rule
    from pulsemon_stream_processors.replay import difference, episodes

    from pulsemon_deploy.cli.replay_rows import change_object, change_tables

    with _log() as log:
        entity = _entity(log, rule_id)
        began_ms = _started_ms(log, entity)
    start_ms, end_ms = began_ms if since_ms is None else since_ms, int(time.time() * 1000) + 60_000
    with asking() as ask:
        before, after = (
            episodes(said_by_rule(ask, rule_id, start_ms, end_ms, in_shadow=in_shadow)) for in_shadow in (False, True)
        )
    change = difference(before, after)
    counts = {"in_force": len(before), "in_shadow": len(after)}
    if as_json:
        print_json({"rule": rule_id, "since_ms": start_ms, **counts, **change_object(change)})
        return
    print_table([{"rule": rule_id, **counts, "same": len(change.same)}])
    for title, found in change_tables(change):
        click.echo(f"\n{title}: {len(found)}")
        if found:
            print_table(found[:SHOWN])
        if len(found) > SHOWN:
            click.echo(f"and {len(found) - SHOWN} more: --json shows all")


@shadow.command()
@click.argument("rule_id")
@change_options
@json_option
def promote(rule_id: str, as_json: bool, **given: Any) -> None:
    """Put the version in shadow in force, and end the shadow. Alerts that are open go on, judged by it from then on."""
    from pulsemon_schemas.control import DELETE, PUT

    from pulsemon_deploy.cli.change_options import intent, made

    what = intent(given)
    with _log() as log:
        entity = _entity(log, rule_id)
        version = made(log, what, (RULE, rule_id), PUT, json.dumps(dict(entity.body), sort_keys=True), as_json)
        made(log, _then(what, entity), (SHADOW, rule_id), DELETE, "", as_json)
    if as_json:
        print_json({"entity_type": RULE, "id": rule_id, "outcome": "promoted", "version": version})
    else:
        click.echo(f"rule {rule_id}: version {version} is in force, as it was in shadow, which is ended")


@shadow.command()
@click.argument("rule_id")
@change_options
@json_option
def end(rule_id: str, as_json: bool, **given: Any) -> None:
    """End the shadow of a rule. What it said stays in the store."""
    from pulsemon_schemas.control import DELETE

    from pulsemon_deploy.cli.change_options import intent, make

    what = intent(given)
    with _log() as log:
        _entity(log, rule_id)
        make(log, what, (SHADOW, rule_id), DELETE, "", as_json)


def _then(what: "Intent", entity: "Entity") -> "Intent":
    """The change that ends the shadow: it is made of the same intent, and expects the version that was promoted."""
    return replace(what, change_id=f"{what.change_id}-ends-shadow", expected_version=entity.version)


@contextmanager
def _log() -> "Iterator[ControlLog]":
    from pulsemon_deploy.cli.change_options import CLIENT_ID
    from pulsemon_deploy.control_log import opened

    kinds = {RULE, SHADOW}
    with opened(installation(os.environ).kafka("operator"), CLIENT_ID, lambda one: one.entity_type in kinds) as log:
        yield log


def _entity(log: "ControlLog", rule_id: str) -> "Entity":
    entity = log.fold.entities(SHADOW).get(rule_id)
    if entity is None:
        _unknown(rule_id)
    return entity


def _started_ms(log: "ControlLog", entity: "Entity") -> int:
    change = log.change_at(entity.version)
    return change.append_time_ms if change else 0


def _unknown(rule_id: str) -> NoReturn:
    sentence = f"pulsemon: rule {rule_id!r} has no version in shadow; `pulsemon rule shadow list` shows those that have"
    click.echo(as_invoked(sentence), err=True)
    raise click.exceptions.Exit(FOUND_WRONG)
