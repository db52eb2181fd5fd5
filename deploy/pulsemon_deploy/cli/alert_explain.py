"""``pulsemon alert explain``: why an alert fired, or why none did at some moment."""

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from pulsemon_deploy.cli.lazy import FOUND_WRONG
from pulsemon_deploy.cli.moment import Moment
from pulsemon_deploy.cli.output import json_option, print_json, print_table
from pulsemon_deploy.cli.store import asking

if TYPE_CHECKING:
    from pulsemon_schemas.rules import QuietPeriod, Rule, ServerProfile
    from pulsemon_sinks.reader.alerts import Ask, Transition
    from pulsemon_stream_processors.replay.explanation import Standing

AROUND_MS = 24 * 3_600_000


@click.command()
@click.argument("alert_id", required=False)
@click.option("--server", help="Instead of an alert: of this server,")
@click.option("--metric", help="of this metric,")
@click.option("--labels", help="of the series with these labels (k=v,l=w); all series of the metric without it,")
@click.option("--at", "at_ms", type=Moment(), help="at this time (UTC), or so long ago: why did nothing fire?")
@json_option
def explain(
    alert_id: str | None,
    server: str | None,
    metric: str | None,
    labels: str | None,
    at_ms: int | None,
    as_json: bool,
) -> None:
    """Say why an alert fired: rule, author, value and the records behind it; or why none did.

    \b
    pulsemon alert explain 3f0c
    pulsemon alert explain --server web-1 --metric system.cpu.busy --at 2026-08-01T12:00:00Z
    """
    if alert_id is not None and not (server or metric or labels):
        _explain_alert(alert_id, as_json)
    elif alert_id is None and server and metric:
        _explain_silence(server, metric, labels, at_ms or int(time.time() * 1000), as_json)
    else:
        raise click.UsageError("say which alert, or --server and --metric, and --at for another time than now")


def _explain_alert(alert_id: str, as_json: bool) -> None:
    from pulsemon_deploy.cli.alert import chosen_of, records_of, reread_of, steps_of
    from pulsemon_deploy.cli.alert_rows import clock, number, plain, series, window

    steps = steps_of(alert_id)
    one = chosen_of(steps, None)
    change = _change_behind(one)
    found = reread_of(one)
    if as_json:
        print_json(
            {"alert": plain(one), "rule_change": change, "missing": found.missing, "records": records_of(one, found)}
        )
        return
    what = series(one.metric, one.labels)
    limit = f", limit {number(one.limit)}" if one.limit is not None else ""
    value = f"the value was {number(one.value)}{limit}" if one.value is not None else "it is about a silence"
    facts = {
        "what": f"{one.server_id}: {what} is {one.level}",
        "why": f"{one.reason}; {value}",
        "made of": f"{window(one)}, {one.sample_count} samples",
        "when": f"{clock(one.occurred_at_ms)}, began {clock(one.started_at_ms)}",
        "rule": f"{one.rule_id}, version {one.rule_version} by {one.rule_author or '-'}",
        "rule changed": _change_text(change),
        "configuration": f"control log up to offset {one.control_offset}",
        "records": f"offsets {one.first_offset}-{one.last_offset} of partition {one.partition}, topic {one.topic_id}",
        "pages nobody": ", ".join(one.suppressed_by) or "-",
        "then": "; ".join(f"{clock(step.occurred_at_ms)} {step.state}" for step in steps if step is not one) or "-",
    }
    print_table([{"fact": fact, "": value} for fact, value in facts.items()])
    click.echo()
    if found.missing:
        click.echo(found.missing)
    print_table(records_of(one, found), "no sample of this series is in these records")


def _change_behind(one: "Transition") -> Mapping[str, Any] | None:
    """The control record of the rule's version, as the store has it."""
    sql = """
SELECT author, on_behalf_of, reason, toUnixTimestamp64Milli(append_time), body FROM {database}.control_log
WHERE offset = %(version)s AND entity_type = 'rule' AND entity_id = %(rule_id)s
"""
    with asking() as ask:
        rows = ask(sql, {"version": one.rule_version, "rule_id": one.rule_id})
    if not rows:
        return None
    author, on_behalf_of, reason, changed_ms, body = rows[0]
    return {
        "version": one.rule_version, "author": author, "on_behalf_of": on_behalf_of, "reason": reason,
        "changed_at_ms": changed_ms, "body": body,
    }  # fmt: skip


def _change_text(change: Mapping[str, Any] | None) -> str:
    from pulsemon_deploy.cli.alert_rows import clock

    if change is None:
        return "its record is not stored (any more)"
    who = f"{change['author']}{' for ' + change['on_behalf_of'] if change['on_behalf_of'] else ''}"
    why = f": {change['reason']}" if change["reason"] else ""
    return f"{clock(change['changed_at_ms'])} by {who}{why}"


def _explain_silence(server: str, metric: str, labels: str | None, at_ms: int, as_json: bool) -> None:
    with asking() as ask:
        found = [_of_series(ask, server, metric, one, at_ms) for one in _series(ask, server, metric, labels, at_ms)]
        rules = _rules_about(ask, metric, at_ms)
    if as_json:
        print_json({"server": server, "metric": metric, "at_ms": at_ms, "rules": rules, "series": found})
    else:
        _print(server, metric, at_ms, rules, found)
    if not found:
        raise click.exceptions.Exit(FOUND_WRONG)


def _print(server: str, metric: str, at_ms: int, rules: Sequence[str], found: Sequence[Mapping[str, Any]]) -> None:
    from pulsemon_deploy.cli.alert_rows import clock, series

    click.echo(f"{server}, {metric} at {clock(at_ms)}")
    if not found:
        about = f"rules about it: {', '.join(rules)}" if rules else "no rule is about it"
        click.echo(f"no data: no sample of the metric is stored in the day before; {about}")
    for one in found:
        click.echo(f"\n{series(metric, one['labels'])}")
        for line in one["answer"]:
            click.echo(f"  {line}")


def _of_series(ask: "Ask", server: str, metric: str, labels: str, at_ms: int) -> dict[str, Any]:
    """The answer for one series: what judged it and how that stood, what did not and why, and what keeps quiet."""
    from pulsemon_sinks.reader import as_of
    from pulsemon_sinks.reader.alerts import history
    from pulsemon_stream_processors.engine.plan import label_map_of
    from pulsemon_stream_processors.replay.explanation import judging, quiet

    profile = _profile(ask, server, at_ms)
    label_map = label_map_of(labels)
    judges, passed = judging(as_of.rules(ask, at_ms), profile, metric, label_map)
    periods = as_of.silences(ask, at_ms)
    lines: list[str] = []
    if profile.is_retired:
        lines.append("the server was retired: nothing judges it")
    standings = [_standing(ask, one, server, labels, label_map, at_ms) for one in judges]
    for one in standings:
        lines += _told(one, at_ms, quiet(periods, profile, label_map, one.rule.id))
    if not judges:
        lines.append("no rule judged it")
    lines += [f"rule {one.rule.id} did not: {one.why}" for one in passed]
    told = [
        step
        for step in history(ask, server, at_ms - AROUND_MS, at_ms + 1)
        if (step.metric, step.labels) == (metric, labels)
    ]
    if told and told[0].is_open and told[0].state != "pending":
        quiet_text = f", and paged nobody: {', '.join(told[0].suppressed_by)}" if told[0].suppressed_by else ""
        lines.append(f"alert {told[0].alert_id[:12]} of rule {told[0].rule_id} was {told[0].state} then{quiet_text}")
    return {"labels": labels, "rules": [one.rule.id for one in standings], "answer": lines}


def _told(one: "Standing", at_ms: int, periods: "Sequence[QuietPeriod]") -> list[str]:
    from pulsemon_deploy.cli.alert_rows import clock, level_window

    rule = one.rule
    lines = [f"rule {rule.id}, version {rule.version} by {rule.author or '-'}, judged it: {level_window(rule)}"]
    if one.value is None:
        lines.append("  no data: no sample before that time can be found")
    elif not one.has_data(at_ms):
        lines.append(f"  no data: the newest sample is of {clock(one.newest_ms)}")
    if one.value is not None:
        lines += [f"  {level.sentence(one.value, rule.operator)}" for level in one.levels]
    lines += [f"  {period.name} keeps it quiet" for period in periods]
    return lines


def _standing(
    ask: "Ask", rule: "Rule", server: str, labels: str, label_map: Mapping[str, str], at_ms: int
) -> "Standing":
    from pulsemon_schemas.series_history import SeriesKey
    from pulsemon_stream_processors.replay.explanation import look_back_ms, standing

    sql = """
SELECT toUnixTimestamp64Milli(recorded_at), value FROM {database}.samples FINAL
WHERE name = %(metric)s AND server_id = %(server)s AND labels = %(labels)s
  AND recorded_at > fromUnixTimestamp64Milli(toInt64(%(from_ms)s))
  AND recorded_at <= fromUnixTimestamp64Milli(toInt64(%(at_ms)s))
ORDER BY recorded_at
"""
    where = {"metric": rule.metric, "server": server, "labels": labels, "at_ms": at_ms}
    samples = ask(sql, {**where, "from_ms": at_ms - look_back_ms(rule)})
    return standing(rule, SeriesKey(server, labels), label_map, [(int(at), float(value)) for at, value in samples])


def _series(ask: "Ask", server: str, metric: str, labels: str | None, at_ms: int) -> list[str]:
    """The labels of the metric's series in the day before."""
    if labels is not None:
        return [labels]
    sql = """
SELECT DISTINCT toString(labels) AS found FROM {database}.samples
WHERE name = %(metric)s AND server_id = %(server)s
  AND recorded_at > fromUnixTimestamp64Milli(toInt64(%(from_ms)s))
  AND recorded_at <= fromUnixTimestamp64Milli(toInt64(%(at_ms)s))
ORDER BY found
"""
    where = {"metric": metric, "server": server, "at_ms": at_ms, "from_ms": at_ms - AROUND_MS}
    return [found for (found,) in ask(sql, where)]


def _rules_about(ask: "Ask", metric: str, at_ms: int) -> list[str]:
    from pulsemon_sinks.reader import as_of

    return [one.id for one in as_of.rules(ask, at_ms) if one.metric == metric]


def _profile(ask: "Ask", server: str, at_ms: int) -> "ServerProfile":
    from pulsemon_schemas.rules import ServerProfile, parse_profile
    from pulsemon_sinks.reader import as_of

    entity = next((one for one in as_of.servers(ask, at_ms) if one.entity_id == server), None)
    return ServerProfile(server) if entity is None else parse_profile(server, entity.body)
