"""What needs attention, and what is worth a look: open alerts, silent servers, high values.

``Attention`` is one row, whatever made it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from pulsemon_schemas.catalogue import metric
from pulsemon_schemas.rules.environments import environment_of
from pulsemon_sinks.reader.alerts import Transition
from pulsemon_sinks.reader.choice import Choice

from pulsemon_ui.view_models.alerts import (
    SILENCE,
    catalogued,
    is_muted,
    limit_of,
    line_of,
    look_of,
    muted_text,
    subject,
    value_of,
)
from pulsemon_ui.view_models.fleet import UNASSIGNED, Fleet, Host, place_of
from pulsemon_ui.view_models.line_length import line_seconds
from pulsemon_ui.view_models.metrics import CPU, DISK, FLEET, MEMORY
from pulsemon_ui.view_models.status import Status
from pulsemon_ui.view_models.wording import duration_text, value_text

ROWS = 9
SILENT_ROWS = 5
ROWS_A_MEASURE = 4
VALUE_SECONDS = 3 * 3600
VALUE = "value"

_RANKED = {"disk": "Disk used", "cpu": CPU.title, "memory": MEMORY.title}
_WHERE = "mountpoint="


@dataclass(frozen=True, slots=True)
class Attention:
    """One row: what about which server, the value in words, since when, and the series of its small line.

    ``key`` says how the row is marked: a level, a status, or VALUE for a high value. ``note`` stands below the value.
    ``limit`` is None where there is none that the line could be compared with. ``line_seconds``: how far back it goes.
    """

    key: str
    glyph: str
    server_id: str
    name: str
    about: str
    value: str
    note: str
    age: str
    choice: Choice
    line_seconds: int
    unit: str = "1"
    limit: float | None = None
    shows_newest: bool = False


def attention(fleet: Fleet) -> tuple[Attention, ...]:
    """At most ROWS rows: alerts by level, silent servers, alerts that nobody is called for, then the highest shares.

    Alerts about whole environments come before all others.
    """
    alerts = [(host.server.name, alert) for host in fleet.hosts for alert in host.alerts]
    alerts.sort(key=lambda one: (look_of(one[1].level).rank, one[1].started_at_ms, one[1].server_id))
    wide = [(place_of(alert), alert) for alert in fleet.wide]
    calling = [_alert(*one, fleet.now_ms) for one in (*wide, *alerts) if _calls(one[1])]
    others = [_alert(*one, fleet.now_ms) for one in (*wide, *alerts) if not _calls(one[1])]
    rows = [*calling, *_silent_rows(fleet), *others]
    return (*rows[:ROWS], *_highest(fleet, ROWS - len(rows)))


def attention_title(rows: Sequence[Attention]) -> tuple[str, str]:
    """The title of the card and what is in it."""
    kinds = {row.key for row in rows}
    if not kinds - {VALUE}:
        return "Worth a look", "Nothing needs attention; these are the highest shares in use"
    parts = [
        *(["open alerts"] if kinds - {VALUE, Status.SILENT.key} else []),
        *(["silent servers"] if Status.SILENT.key in kinds else []),
        *(["the highest shares in use"] if VALUE in kinds else []),
    ]
    text = ", then ".join(parts)
    return "Needs attention", text[:1].upper() + text[1:]


def page_of(row: Attention) -> str:
    """The address that tells more: the server's, or the Overview of an environment."""
    environment = environment_of(row.server_id)
    if environment is None:
        return f"/server?id={quote(row.server_id, safe='')}"
    return f"/?env={quote(environment or UNASSIGNED, safe='')}"


def _calls(alert: Transition) -> bool:
    return not is_muted(alert) and alert.level != "info"


def _alert(name: str, alert: Transition, now_ms: int) -> Attention:
    look, line = look_of(alert.level), line_of(alert)
    age = max(0.0, (now_ms - alert.started_at_ms) / 1000)
    limit = f"limit {limit_of(alert)}" if alert.limit is not None else ""
    return Attention(
        look.key,
        look.glyph,
        alert.server_id,
        name,
        subject(alert),
        value_of(alert),
        muted_text(alert) or limit,
        duration_text(age),
        line.choice if line else CPU.choice,
        line_seconds(age),
        line.unit if line else CPU.unit,
        alert.limit if line and line.is_comparable else None,
        bool(line and line.is_comparable and alert.window_function != "rate" and alert.state != "unknown"),
    )


def _silent_rows(fleet: Fleet) -> list[Attention]:
    """The servers silent longest first, without those that have an alert about it."""
    silent = [
        host
        for host in fleet.hosts
        if host.verdict.status is Status.SILENT and all(alert.metric for alert in host.alerts)
    ]
    silent.sort(key=lambda host: -(host.verdict.silent_seconds or 0))
    return [_silent(host) for host in silent[:SILENT_ROWS]]


def _silent(host: Host) -> Attention:
    look, seconds = Status.SILENT.value, host.verdict.silent_seconds or 0
    name = host.server.name
    age, length = duration_text(seconds), line_seconds(seconds)
    return Attention(look.key, look.glyph, host.server_id, name, SILENCE, "", "", age, CPU.choice, length)


def _highest(fleet: Fleet, count: int) -> list[Attention]:
    found = [
        (host.readings[measure].value, host, measure)
        for host in fleet.hosts
        if not host.verdict.is_silent
        for measure in _RANKED
        if measure in host.readings and not _has_alert(host, measure)
    ]
    found.sort(key=lambda one: (-one[0], one[1].server_id))
    kept: list[tuple[float, Host, str]] = []
    for one in found:
        if sum(other[2] == one[2] for other in kept) < ROWS_A_MEASURE:
            kept.append(one)
    return [_high(host, measure) for _, host, measure in kept[: max(0, count)]]


def _has_alert(host: Host, measure: str) -> bool:
    """Whether an alert tells of it, or of what is left of it: the row would say the same again."""
    about = (catalogued(alert.metric) for alert in host.alerts)
    group = metric(FLEET[measure].choice.metric).group
    return any(found is not None and found.group == group for found in about)


def _high(host: Host, measure: str) -> Attention:
    reading = host.readings[measure]
    mount = next((label.removeprefix(_WHERE) for label in reading.labels.split(",") if label.startswith(_WHERE)), "")
    about = f"{_RANKED[measure]} on {mount}" if mount and measure == "disk" else _RANKED[measure]
    choice = DISK.choice if measure == "disk" else FLEET[measure].choice
    value = value_text(reading.value, "1")
    return Attention(VALUE, "", host.server_id, host.server.name, about, value, "", "", choice, VALUE_SECONDS)
