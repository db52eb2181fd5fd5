"""``pulsemon alert``: what is wrong, what led to it, and what happens now.

What is open and what was is asked of the store: it answers in milliseconds however many alerts there are, it has two
years where the topic has 30 days, and the dashboard asks the same questions, so that both say the same. What happens
now comes from Kafka, and so do the records behind an alert as long as they are there.
"""

import json
import os
import time
from typing import TYPE_CHECKING, NoReturn

import click

from pulsemon_deploy.cli.alert_explain import explain
from pulsemon_deploy.cli.duration import Duration
from pulsemon_deploy.cli.lazy import FOUND_WRONG, WRONG_USAGE
from pulsemon_deploy.cli.output import json_option, one_line, print_json, print_rows, print_table
from pulsemon_deploy.cli.store import asking
from pulsemon_deploy.installation import installation
from pulsemon_deploy.invocation import as_invoked

if TYPE_CHECKING:
    from pulsemon_sinks.reader.alerts import Transition

    from pulsemon_deploy.alert_records import Found

DAY_MS = 24 * 3_600_000


@click.group()
def alert() -> None:
    """Alerts: what is wrong, since when, and why."""


alert.add_command(explain)


@alert.command("list")
@click.option("--server", "servers", multiple=True, help="Only this server; repeatable.")
@click.option("--level", type=click.Choice(["info", "warning", "critical"]), help="Only this level.")
@click.option(
    "--pending", "with_pending", is_flag=True, help="Also those whose limit was not crossed for long enough yet."
)
@click.option("--ended", is_flag=True, help="Those that ended, newest first, instead of those that are open.")
@click.option("--last", "last_ms", type=Duration(), help="With --ended: how far back, as 30m, 24h, 7d.  [default: 24h]")
@json_option
def list_alerts(
    servers: tuple[str, ...], level: str | None, with_pending: bool, ended: bool, last_ms: int | None, as_json: bool
) -> None:
    """List the open alerts, worst first. What was made a moment ago is there within a second or two."""
    from pulsemon_sinks.reader.alerts import ended_alerts, open_alerts

    from pulsemon_deploy.cli.alert_rows import ended_row, open_row, plain

    if ended and with_pending:
        raise click.UsageError("--ended and --pending exclude each other: what ended is not pending")
    if last_ms is not None and not ended:
        raise click.UsageError("--last goes with --ended: what is open is listed whenever it began")
    with asking() as ask:
        if ended:
            start_ms = int(time.time() * 1000) - (DAY_MS if last_ms is None else last_ms)
            found = ended_alerts(ask, start_ms, servers or None, level or "")
        else:
            found = open_alerts(ask, servers or None, level or "", with_pending=with_pending)
    row, none = (ended_row, "no alert ended in that time") if ended else (open_row, "no alert is open")
    print_rows([plain(one) if as_json else row(one) for one in found], as_json, none)


@alert.command()
@click.argument("alert_id")
@click.option("--records", is_flag=True, help="Read the samples behind it again.")
@click.option("--transition", type=click.IntRange(min=0), help="Which transition's records; else those it fired on.")
@json_option
def show(alert_id: str, records: bool, transition: int | None, as_json: bool) -> None:
    """Show what became of one alert, and the records behind each step. The beginning of an id is enough."""
    from pulsemon_deploy.cli.alert_rows import alert_fields, plain, transition_row

    steps = steps_of(alert_id)
    chosen = chosen_of(steps, transition)
    found = reread_of(chosen) if records else None
    if as_json:
        answer: dict[str, object] = {"alert_id": chosen.alert_id, "transitions": [plain(one) for one in steps]}
        print_json(answer | (_as_object(chosen, found) if found else {}))
        return
    print_table(alert_fields(steps[-1]))
    click.echo()
    print_table([transition_row(one) for one in steps])
    if found:
        click.echo(f"\ntransition {chosen.transition}, offsets {chosen.first_offset}-{chosen.last_offset}:")
        if found.missing:
            click.echo(f"  {found.missing}")
        print_table(records_of(chosen, found), "no sample of this series is in these records")


@alert.command()
@click.option("--server", help="Only this server.")
@click.option("--count", type=click.IntRange(min=1), help="End after so many transitions.")
@json_option
def tail(server: str | None, count: int | None, as_json: bool) -> None:
    """Print transitions as they are made, until Ctrl-C; with --json one object a line."""
    from pulsemon_schemas.records import AlertEvent
    from pulsemon_schemas.topics import ALERTS

    from pulsemon_deploy.cli.alert_rows import event_line, plain
    from pulsemon_deploy.tail import follow

    left = count
    for event in follow(installation(os.environ).kafka("operator"), ALERTS.name):
        if not isinstance(event, AlertEvent) or server not in (None, event.server_id):
            continue
        click.echo(json.dumps(plain(event)) if as_json else one_line(event_line(event)))
        left = None if left is None else left - 1
        if left == 0:
            return


def steps_of(alert_id: str) -> "tuple[Transition, ...]":
    """The transitions of the one alert whose id begins so."""
    from pulsemon_sinks.reader.alerts import transitions

    with asking() as ask:
        steps = transitions(ask, alert_id)
    ids = sorted({one.alert_id for one in steps})
    if not ids:
        _end(f"no alert begins with {alert_id!r}; `pulsemon alert list` shows those that are open", FOUND_WRONG)
    if len(ids) > 1:
        _end(
            f"{len(ids)} alerts begin with {alert_id!r}, {ids[0]} and {ids[1]} among them: say more of it", WRONG_USAGE
        )
    return steps


def chosen_of(steps: "tuple[Transition, ...]", number: int | None) -> "Transition":
    """The transition of this number; without one that at which the alert fired, or the newest."""
    if number is None:
        return next((one for one in steps if one.state == "firing"), steps[-1])
    chosen = [one for one in steps if one.transition == number]
    if not chosen:
        _end(
            f"alert {steps[0].alert_id} has no transition {number}; it has those up to {steps[-1].transition}",
            WRONG_USAGE,
        )
    return chosen[0]


def reread_of(one: "Transition") -> "Found":
    """The batches behind a transition, from Kafka, and from the store what is gone there."""
    from pulsemon_sinks.reader.behind import Series, Span

    from pulsemon_deploy.alert_records import completed, reread

    series = Series(one.server_id, one.metric, one.labels)
    span = Span(one.topic_id, one.partition, one.first_offset, one.last_offset)
    found = reread(installation(os.environ).kafka("operator"), series, span)
    with asking() as ask:
        return completed(found, ask, series)


def records_of(one: "Transition", found: "Found") -> list[dict[str, object]]:
    """The batches as rows."""
    from pulsemon_deploy.cli.alert_rows import record_row

    return [record_row(one, seen) for seen in found.records]


def _as_object(one: "Transition", found: "Found") -> dict[str, object]:
    span = {
        "transition": one.transition,
        "partition": one.partition,
        "first": one.first_offset,
        "last": one.last_offset,
    }
    return {"records": {**span, "missing": found.missing, "samples": records_of(one, found)}}


def _end(sentence: str, exit_code: int) -> NoReturn:
    click.echo(as_invoked(f"pulsemon: {sentence}"), err=True)
    raise click.exceptions.Exit(exit_code)
