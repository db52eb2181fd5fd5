"""What needs attention, and what is worth a look: open alerts, silent servers, high values.

``Attention`` is one row, whatever made it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pulsemon_schemas.catalogue import metric
from pulsemon_sinks.reader.alerts import Transition
from pulsemon_sinks.reader.choice import Choice, Line

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
from pulsemon_ui.view_models.fleet import Fleet, Host
from pulsemon_ui.view_models.metrics import CPU, DISK, FLEET, MEMORY
from pulsemon_ui.view_models.status import Status
from pulsemon_ui.view_models.timerange import aligned_window
from pulsemon_ui.view_models.wording import duration_text, value_text

ROWS = 9
SILENT_ROWS = 5
ROWS_A_MEASURE = 4
POINTS = 60
HOUR_SECONDS = 3600
VALUE_SECONDS = 3 * HOUR_SECONDS
# A line begins before its trouble did, in one of few windows that all viewers share; a day is far enough to see it.
WINDOWS_SECONDS = (HOUR_SECONDS, VALUE_SECONDS, 6 * HOUR_SECONDS, 12 * HOUR_SECONDS, 24 * HOUR_SECONDS)
BEFORE = 1.3
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
    """At most ROWS rows: alerts by level, silent servers, alerts that nobody is called for, then the highest shares."""
    alerts = [(host, alert) for host in fleet.hosts for alert in host.alerts]
    alerts.sort(key=lambda one: (look_of(one[1].level).rank, one[1].started_at_ms, one[0].server_id))
    calling = [_alert(*one, fleet.now_ms) for one in alerts if _calls(one[1])]
    others = [_alert(*one, fleet.now_ms) for one in alerts if not _calls(one[1])]
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


def wanted_lines(rows: Sequence[Attention], now_ms: int) -> tuple[Line, ...]:
    """The series behind the small lines of the rows, in their order."""
    return tuple(
        Line(row.server_id, row.choice, aligned_window(now_ms, row.line_seconds, row.line_seconds // POINTS))
        for row in rows
    )


def with_newest(
    rows: Sequence[Attention], lines: Mapping[int, Sequence[float | None]]
) -> list[tuple[Attention, Sequence[float | None], str]]:
    """Each row with its line and the words of its value: the newest of the line where that is what is judged."""
    found = []
    for index, row in enumerate(rows):
        line = lines.get(index, ())
        newest = next((value for value in reversed(line) if value is not None), None)
        is_newer = row.shows_newest and newest is not None
        found.append((row, line, value_text(newest, row.unit) if is_newer else row.value))
    return found


def scaled(row: Attention, line: Sequence[float | None]) -> tuple[list[float | None], float | None]:
    """The line and its limit from 0 to 1: shares as they are, all else against the largest with a little room."""
    top = max([value for value in line if value is not None] + [row.limit or 0.0], default=0.0) * 1.15
    if row.unit == "1" and top <= 1.15:
        top = 1.0
    top = top or 1.0
    limit = None if row.limit is None else round(row.limit / top, 3)
    return [None if value is None else round(value / top, 3) for value in line], limit


def change_text(line: Sequence[float | None]) -> str:
    """How a share moved over its small line: ``+12 pts``, ``steady`` within one; "" without two values."""
    values = [value for value in line if value is not None]
    if len(values) < 2:
        return ""
    points = (values[-1] - values[0]) * 100
    return "steady" if abs(points) < 1 else f"{points:+.0f} pts"


def line_seconds(age_seconds: float) -> int:
    """How far back a line goes for a trouble of this age."""
    return next((one for one in WINDOWS_SECONDS if one >= age_seconds * BEFORE), WINDOWS_SECONDS[-1])


def _calls(alert: Transition) -> bool:
    return not is_muted(alert) and alert.level != "info"


def _alert(host: Host, alert: Transition, now_ms: int) -> Attention:
    look, line = look_of(alert.level), line_of(alert)
    age = max(0.0, (now_ms - alert.started_at_ms) / 1000)
    limit = f"limit {limit_of(alert)}" if alert.limit is not None else ""
    return Attention(
        look.key,
        look.glyph,
        host.server_id,
        host.server.name,
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
