"""``pulsemon replay``: judges the recorded log again, to prove the live stream or to try other rules on it."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pulsemon_deploy.cli.lazy import FOUND_WRONG, WRONG_USAGE
from pulsemon_deploy.cli.moment import Moment
from pulsemon_deploy.cli.output import json_option, print_json, print_table
from pulsemon_deploy.cli.store import asking
from pulsemon_deploy.installation import installation

if TYPE_CHECKING:
    from pulsemon_schemas.history import LogHistory
    from pulsemon_stream_processors.replay import StreamResult

ORIGINS = ("kafka", "clickhouse")
GROUP_ID = "pulsemon-operator-replay"
SHOWN = 20
ANSWER_SECONDS = 120.0
"""Thousands of batches with their samples are one answer."""


@click.command()
@click.option("--from", "origin", type=click.Choice(ORIGINS), default="kafka", show_default=True, help="Which copy.")
@click.option("--since", "since_ms", type=Moment(), help="Alerts from here on: a time (UTC), or 7d for so long ago.")
@click.option("--until", "until_ms", type=Moment(), help="Up to here.")
@click.option(
    "--rules", "path", type=click.Path(dir_okay=False, path_type=Path), help="Rules in place of those in force."
)
@json_option
def replay(origin: str, since_ms: int | None, until_ms: int | None, path: Path | None, as_json: bool) -> None:
    """Judge the recorded log again and say whether that gives the live stream, by SHA-256; exit code 1 if it does not.

    With a file of rules: what would have fired instead, when and for how long, beside what did.

    \b
    pulsemon replay
    pulsemon replay --from clickhouse --since 7d
    pulsemon replay --rules tighter.toml --since 3d --json
    """
    from pulsemon_sinks.reader.log_history.stored_states import StoredStates
    from pulsemon_stream_processors.replay import Range, Replay

    from pulsemon_deploy.cli import replay_rows

    bodies = _bodies(path)
    tick_key = installation(os.environ).processor().tick_key.reveal().encode()
    with _source(origin) as source, asking(ANSWER_SECONDS) as ask:
        states = StoredStates(ask) if since_ms else None
        run = Replay(source, tick_key, Range(since_ms or 0, until_ms), bodies, states)
        results = []
        for result in run.run():
            results.append(result)
            if not as_json and path is None:
                click.echo(replay_rows.line(result))
        doubts = run.doubts()
    if path is None:
        _tell_proof(origin, results, doubts, as_json)
    else:
        _tell_change(origin, results, doubts, as_json)


def _tell_proof(origin: str, results: "Sequence[StreamResult]", doubts: Sequence[str], as_json: bool) -> None:
    from pulsemon_deploy.cli import replay_rows

    proof = replay_rows.proof(origin, results, doubts)
    if as_json:
        print_json(proof)
    else:
        _tell_doubts(doubts)
        click.echo(replay_rows.sentence(proof))
    if not proof["equal"]:
        raise click.exceptions.Exit(FOUND_WRONG)


def _tell_change(origin: str, results: "Sequence[StreamResult]", doubts: Sequence[str], as_json: bool) -> None:
    from pulsemon_deploy.cli import replay_rows

    change = replay_rows.change(results)
    if as_json:
        print_json({"from": origin, "exact": not doubts, "doubts": list(doubts), **replay_rows.change_object(change)})
        return
    _tell_doubts(doubts)
    for title, rows in replay_rows.change_tables(change):
        click.echo(f"\n{title}: {len(rows)}")
        if rows:
            print_table(rows[:SHOWN])
        if len(rows) > SHOWN:
            click.echo(f"and {len(rows) - SHOWN} more: --json shows all")


def _tell_doubts(doubts: Sequence[str]) -> None:
    for doubt in doubts:
        click.echo(f"not exact: {doubt}", err=True)


def _bodies(path: Path | None) -> Mapping[str, Mapping[str, Any]] | None:
    from pulsemon_schemas.rules import RuleError

    from pulsemon_deploy.rules_file import read_rules

    if path is None:
        return None
    try:
        return {rule_id: body for rule_id, (_, body) in read_rules(path).items()}
    except RuleError as error:
        click.echo(f"pulsemon: {error}\nNothing was replayed.", err=True)
        raise click.exceptions.Exit(WRONG_USAGE) from error


@contextmanager
def _source(origin: str) -> "Iterator[LogHistory]":
    from pulsemon_schemas.topics import METRICS

    own = installation(os.environ)
    prefix = own.processor().topic_prefix
    if origin == "clickhouse":
        from pulsemon_sinks.reader.log_history.stored_history import StoredHistory

        with asking(ANSWER_SECONDS) as ask:
            yield StoredHistory(ask, f"{prefix}{METRICS.name}")
        return
    from pulsemon_stream_processors.replay.kafka_history import KafkaHistory

    source = KafkaHistory(own.kafka("operator"), GROUP_ID, prefix)
    try:
        yield source
    finally:
        source.close()
