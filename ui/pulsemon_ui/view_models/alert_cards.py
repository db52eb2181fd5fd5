"""The cards of a server's open alerts, and its alerts so far as rows of a table."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from pulsemon_schemas.rules.suppression import suppression_text
from pulsemon_sinks.reader.alerts import Transition

from pulsemon_ui.view_models.alerts import calm_text, limit_of, look_of, muted_text, subject, value_of, window_text
from pulsemon_ui.view_models.wording import NONE, duration_text

ID_CHARACTERS = 12
"""Enough of an alert's id to name it: commands take the beginning of one."""


@dataclass(frozen=True, slots=True)
class AlertCard:
    """One open alert: the level in ``key``, what it is about, value and limit, and quieter facts."""

    alert_id: str
    key: str
    glyph: str
    level: str
    title: str
    text: str
    facts: tuple[str, ...]


def alert_cards(alerts: Sequence[Transition], now_ms: int, zone: tzinfo) -> tuple[AlertCard, ...]:
    """The cards in the order of the alerts."""
    return tuple(_card(alert, now_ms, zone) for alert in alerts)


def alert_rows(alerts: Sequence[Transition], now_ms: int, zone: tzinfo) -> list[dict[str, str]]:
    """Rows of (Since, Lasted, Level, What, Value, Limit, State, Rule), in the order of the alerts."""
    return [_row(alert, now_ms, zone) for alert in alerts]


def _card(alert: Transition, now_ms: int, zone: tzinfo) -> AlertCard:
    look = look_of(alert.level)
    open_for = duration_text((now_ms - alert.started_at_ms) / 1000)
    calm = calm_text(alert)
    facts = (
        f"Since {clock_text(alert.started_at_ms, zone)}",
        f"would not have fired {calm}" if calm else "",
        f"rule {rule_text(alert)}",
        _muted_fact(alert),
    )
    text = f"{_measured(alert)}, open for {open_for}" if _measured(alert) else f"open for {open_for}"
    return AlertCard(
        alert.alert_id, look.key, look.glyph, look.title, subject(alert), text, tuple(fact for fact in facts if fact)
    )


def _measured(alert: Transition) -> str:
    """``97%, limit 95%``; of a silence how long it may be."""
    if not alert.metric:
        return f"nothing for longer than {limit_of(alert)}" if alert.limit is not None else ""
    window = window_text(alert)
    value = f"{value_of(alert)} ({window})" if window else value_of(alert)
    limit = f"limit {limit_of(alert)}" if alert.limit is not None else ""
    return ", ".join(part for part in (value, limit) if part)


def _muted_fact(alert: Transition) -> str:
    """Why nobody is called for it, and by whose doing."""
    if alert.state == "acknowledged":
        return f"acknowledged by {alert.actor}" if alert.actor else "acknowledged"
    if alert.suppressed_by and alert.state != "unknown":
        return suppression_text(alert.suppressed_by, ID_CHARACTERS)
    return muted_text(alert)


def _row(alert: Transition, now_ms: int, zone: tzinfo) -> dict[str, str]:
    end_ms = alert.ended_at_ms if alert.ended_at_ms is not None else now_ms
    look = look_of(alert.level)
    return {
        "Since": clock_text(alert.started_at_ms, zone),
        "Lasted": duration_text((end_ms - alert.started_at_ms) / 1000),
        "Level": f"{look.glyph} {look.title}",
        "What": subject(alert),
        "Value": value_of(alert) or NONE,
        "Limit": limit_of(alert) or NONE,
        "State": alert.state,
        "Rule": rule_text(alert),
    }


def rule_text(alert: Transition) -> str:
    """``fs_space, version 7 by ann``."""
    author = f" by {alert.rule_author}" if alert.rule_author else ""
    return f"{alert.rule_id}, version {alert.rule_version}{author}"


def clock_text(at_ms: int, zone: tzinfo) -> str:
    """``Tue 24 Nov, 18:24:05``."""
    return f"{datetime.fromtimestamp(at_ms / 1000, zone):%a %d %b, %H:%M:%S}"
