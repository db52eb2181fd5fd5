"""``pulsemon rule preview``: what a change of a rule would have done."""

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pulsemon_deploy.cli.lazy import FOUND_WRONG, WRONG_USAGE
from pulsemon_deploy.cli.moment import Moment
from pulsemon_deploy.cli.output import json_option, print_json, print_table
from pulsemon_deploy.installation import installation

if TYPE_CHECKING:
    from pulsemon_schemas.rules import Rule, ServerProfile
    from pulsemon_stream_processors.replay.backtest import Outcome

SHOWN = 10
WEEK_MS = 7 * 86_400_000
ANSWER_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class InForce:
    """Rules and servers as the control log has them now."""

    rules: "tuple[Rule, ...]"
    profiles: "Mapping[str, ServerProfile]"


@click.command()
@click.argument("path", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--since", "since_ms", type=Moment(), help="From here on: a time (UTC), or so long ago.  [default: 7d]")
@click.option("--until", "until_ms", type=Moment(), help="Up to here.  [default: now]")
@json_option
def preview(path: Path, since_ms: int | None, until_ms: int | None, as_json: bool) -> None:
    """Show what the rules in FILE would have done, beside those in force. Nothing is written.

    FILE is as `pulsemon replay --rules` takes it. The exact engine judges where a limit can be crossed; what is no
    threshold needs `pulsemon replay --rules`. Exit code 1 if no rule of the file can be shown so.
    """
    from pulsemon_schemas.rules import RuleError

    from pulsemon_deploy.rules_file import read_rules

    now_ms = int(time.time() * 1000)
    end_ms = min(until_ms or now_ms, now_ms)
    start_ms = end_ms - WEEK_MS if since_ms is None else since_ms
    if start_ms >= end_ms:
        raise click.UsageError("the range ends before it begins: nothing was tested")
    try:
        rules = [rule for rule, _ in read_rules(path).values()]
    except RuleError as error:
        click.echo(f"pulsemon: {error}\nNothing was tested.", err=True)
        raise click.exceptions.Exit(WRONG_USAGE) from error
    in_force = _in_force()
    found = [one for one in (_compared(rule, in_force, start_ms, end_ms) for rule in rules) if one is not None]
    if as_json:
        print_json([one for one, _ in found])
    else:
        for facts, lists in found:
            _print(facts, lists)
    if not found:
        raise click.exceptions.Exit(FOUND_WRONG)


def _compared(
    rule: "Rule", in_force: InForce, start_ms: int, end_ms: int
) -> tuple[dict[str, Any], dict[str, list[dict[str, object]]]] | None:
    """All about one rule, and the lists that people see of it; None for one that cannot be tested so."""
    from pulsemon_schemas.rules.rule import THRESHOLD
    from pulsemon_stream_processors.replay import difference

    from pulsemon_deploy.cli.replay_rows import change_object, change_tables

    if rule.kind != THRESHOLD:
        click.echo(
            f"rule {rule.id} is a {rule.kind}: `pulsemon replay --rules` shows what it would have done", err=True
        )
        return None
    before_rule = next((one for one in in_force.rules if one.id == rule.id and one.kind == THRESHOLD), None)
    after = _tested(rule, in_force, start_ms, end_ms)
    before = _tested(before_rule, in_force, start_ms, end_ms) if before_rule is not None else None
    change = difference(before.episodes if before else (), after.episodes)
    facts = {
        "rule": rule.id,
        "since_ms": start_ms,
        "until_ms": end_ms,
        "in_force": None if before is None else _summary(before, end_ms) | {"version": before.rule.version},
        "in_file": _summary(after, end_ms),
        "exact": not after.approximate,
        "doubts": [after.approximate] if after.approximate else [],
        **change_object(change),
    }
    return facts, dict(change_tables(change))


def _tested(rule: "Rule", in_force: InForce, start_ms: int, end_ms: int) -> "Outcome":
    from pulsemon_sinks.clickhouse.connection import NativeStore
    from pulsemon_sinks.reader.alerts import asker
    from pulsemon_sinks.reader.series_history import StoredSeries
    from pulsemon_sinks.reader.tiers import reach
    from pulsemon_stream_processors.replay.backtest import Backtest, JudgedSeries

    settings = installation(os.environ).clickhouse_reader()
    store = NativeStore(settings, timeout_seconds=ANSWER_SECONDS)
    try:
        history = StoredSeries(asker(store, settings.database), reach(store, settings.database))
        return Backtest(history).run(JudgedSeries(rule, in_force.rules, in_force.profiles), start_ms, end_ms)
    finally:
        store.close()


def _summary(outcome: "Outcome", now_ms: int) -> dict[str, Any]:
    found = outcome.episodes
    longest = max((one.seconds(now_ms) for one in found), default=0.0)
    return {
        "series": outcome.series,
        "fired": len(found),
        "servers": len({one.subject.server_id for one in found}),
        "longest_minutes": round(longest / 60, 1),
        "firing_minutes": round(sum(one.seconds(now_ms) for one in found) / 60, 1),
        "open": sum(one.ended_ms is None for one in found),
    }


def _print(facts: dict[str, Any], lists: dict[str, list[dict[str, object]]]) -> None:
    rows = [{"rule": f"{facts['rule']} in the file", **facts["in_file"]}]
    if facts["in_force"] is not None:
        version = facts["in_force"].pop("version")
        rows.append({"rule": f"{facts['rule']}, version {version}", **facts["in_force"]})
    print_table(rows)
    for doubt in facts["doubts"]:
        click.echo(f"not exact: {doubt}", err=True)
    for title, found in lists.items():
        click.echo(f"\n{title}: {len(found)}")
        if found:
            print_table(found[:SHOWN])
        if len(found) > SHOWN:
            click.echo(f"and {len(found) - SHOWN} more: --json shows all")


def _in_force() -> InForce:
    from pulsemon_schemas.control import SERVER
    from pulsemon_schemas.rules import Rule, parse_profile

    from pulsemon_deploy.cli.change_options import CLIENT_ID
    from pulsemon_deploy.cli.rule_rows import RULE, parsed
    from pulsemon_deploy.control_log import opened

    with opened(installation(os.environ).kafka("operator"), CLIENT_ID, lambda _: False) as log:
        rules = tuple(one for one in map(parsed, log.fold.entities(RULE).values()) if isinstance(one, Rule))
        servers = {one: parse_profile(one, entity.body) for one, entity in log.fold.entities(SERVER).items()}
    return InForce(rules, servers)
