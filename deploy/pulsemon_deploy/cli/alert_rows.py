"""Alerts as rows of tables, and as objects for programs."""

from dataclasses import asdict
from datetime import UTC, datetime

from pulsemon_schemas.records import AlertEvent
from pulsemon_schemas.rules import Rule
from pulsemon_schemas.rules.suppression import suppression_text
from pulsemon_sinks.reader.alerts import Transition
from pulsemon_sinks.reader.behind import Seen

ID_CHARACTERS = 12
"""Enough of an id to name an alert: commands take the beginning of one."""


def open_row(one: Transition) -> dict[str, object]:
    """An open alert in a list."""
    return {
        "alert": one.alert_id[:ID_CHARACTERS],
        "level": one.level,
        "state": one.state,
        "server": one.server_id,
        "rule": one.rule_id,
        "series": series(one.metric, one.labels),
        "value": number(one.value),
        "limit": number(one.limit),
        "since": clock(one.started_at_ms),
        "pages_nobody": suppression_text(one.suppressed_by, ID_CHARACTERS),
    }


def ended_row(one: Transition) -> dict[str, object]:
    """An alert in a list of those that ended."""
    return {
        "alert": one.alert_id[:ID_CHARACTERS],
        "level": one.level,
        "state": one.state,
        "server": one.server_id,
        "rule": one.rule_id,
        "series": series(one.metric, one.labels),
        "since": clock(one.started_at_ms),
        "until": clock(one.occurred_at_ms),
        "by": one.actor or "-",
        "reason": one.reason,
    }


def alert_fields(newest: Transition) -> list[dict[str, object]]:
    """What is the same in all transitions of an alert, and how it stands."""
    facts = {
        "alert": newest.alert_id,
        "server": newest.server_id,
        "rule": f"{newest.rule_id}, version {newest.rule_version} by {newest.rule_author or '-'}",
        "series": series(newest.metric, newest.labels),
        "window": window(newest),
        "state": f"{newest.state}, {newest.level}",
        "would not fire": calm_text(newest),
        "since": clock(newest.started_at_ms),
        "until": clock(newest.ended_at_ms) if newest.ended_at_ms is not None else "-",
        "pages nobody": suppression_text(newest.suppressed_by) or "-",
        "topic id": newest.topic_id,
    }
    return [{"field": field, "value": value} for field, value in facts.items()]


def transition_row(one: Transition) -> dict[str, object]:
    """One step of an alert, with the records behind it."""
    return {
        "number": one.transition,
        "at": clock(one.occurred_at_ms),
        "state": one.state,
        "level": one.level,
        "value": number(one.value),
        "limit": number(one.limit),
        "samples": one.sample_count,
        "partition": one.partition,
        "first": one.first_offset,
        "last": one.last_offset,
        "control": one.control_offset,
        "late": one.late,
        "by": one.actor or "-",
        "reason": one.reason,
    }


def record_row(one: Transition, seen: Seen) -> dict[str, object]:
    """A batch with the value that the alert is about; for a silence the batch itself."""
    place = {"offset": seen.offset, "recorded_at": clock(seen.recorded_at_ms), "sequence": seen.sequence}
    if not one.metric:
        return {**place, "source": seen.source, "samples": seen.samples, "read_from": seen.origin}
    return {**place, "series": series(one.metric, one.labels), "value": number(seen.value), "read_from": seen.origin}


def event_line(event: AlertEvent) -> str:
    """A transition that was just made, on one line."""
    series_text = series(event.metric, event.labels)
    value = f" {number(event.value)} (limit {number(event.limit)})" if event.value is not None else ""
    late = " late" if event.late else ""
    quiet = f" [{suppression_text(event.suppressed_by, ID_CHARACTERS)}]" if event.suppressed_by else ""
    what = f"{event.state:<12} {event.level:<8} {event.server_id}  {event.rule_id} {series_text}{value}"
    return f"{clock(event.occurred_at_ms)} {what}: {event.reason}{late}{quiet}  {event.alert_id[:ID_CHARACTERS]}"


def plain(one: Transition | AlertEvent) -> dict[str, object]:
    """All fields, for programs."""
    return {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(one).items()}


def calm_text(one: Transition) -> str:
    """Where it would not have fired: a side of the limit, for the value itself differs in its last digit alone."""
    if one.calm_value is None or one.limit is None:
        return "-"
    side = "just below" if one.calm_value < one.limit else "just above" if one.calm_value > one.limit else "at"
    return f"{side} {number(one.limit)}"


def series(metric: str, labels: str) -> str:
    """A series as ``metric{label=value}``; an alert about no metric is about a silence."""
    name = metric or "silence"
    return f"{name}{{{labels}}}" if labels else name


def window(one: Transition) -> str:
    """What the value is made of; "-" for a silence, which has no samples."""
    if one.window_seconds:
        return f"{one.window_function} {one.window_seconds:g} s"
    return "last sample" if one.metric else "-"


def level_window(rule: Rule) -> str:
    """What a rule judges: its window and its limits."""
    window_text = f"{rule.window.function} of {rule.window.seconds:g} s" if rule.window.seconds else "the last sample"
    limits = ", ".join(
        f"{level.name} {rule.operator} {level.limit:g}" + (f" for {level.for_seconds:g} s" if level.for_seconds else "")
        for level in rule.levels
    )
    return f"{window_text}, {limits}"


def number(value: float | None) -> str:
    """A number in a table; "-" for none."""
    return "-" if value is None else f"{value:.6g}"


def clock(time_ms: int) -> str:
    """A time in UTC."""
    return f"{datetime.fromtimestamp(time_ms / 1000, UTC):%Y-%m-%d %H:%M:%SZ}"
