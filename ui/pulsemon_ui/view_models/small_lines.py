"""The small lines of the rows that need attention."""

from collections.abc import Mapping, Sequence

from pulsemon_sinks.reader.choice import Line

from pulsemon_ui.view_models.alerts import catalogued
from pulsemon_ui.view_models.attention import Attention
from pulsemon_ui.view_models.gaps import bridged
from pulsemon_ui.view_models.timerange import aligned_window
from pulsemon_ui.view_models.wording import value_text

POINTS = 60


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
    """The line and its limit from 0 to 1: shares as they are, all else against the largest with a little room.

    The line breaks only where more is missing than lies between two samples of its metric.
    """
    top = max([value for value in line if value is not None] + [row.limit or 0.0], default=0.0) * 1.15
    if row.unit == "1" and top <= 1.15:
        top = 1.0
    top = top or 1.0
    limit = None if row.limit is None else round(row.limit / top, 3)
    known = catalogued(row.choice.metric)
    apart = known.interval_seconds * POINTS / row.line_seconds if known is not None else 1.0
    return [None if value is None else round(value / top, 3) for value in bridged(line, apart)], limit


def change_text(line: Sequence[float | None]) -> str:
    """How a share moved over its small line: ``+12 pts``, ``steady`` within one; "" without two values."""
    values = [value for value in line if value is not None]
    if len(values) < 2:
        return ""
    points = (values[-1] - values[0]) * 100
    return "steady" if abs(points) < 1 else f"{points:+.0f} pts"
