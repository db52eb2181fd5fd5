"""The strip of key figures below the grid, and the ranking of servers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pulsemon_sinks.reader.choice import Choice, Level, Window

from pulsemon_ui.view_models.fleet import Fleet, Host
from pulsemon_ui.view_models.metrics import CPU, DISK, FLEET, LOAD, MEMORY, NETWORK_IN, NETWORK_OUT, Measure
from pulsemon_ui.view_models.wording import value_text

DAY_SECONDS = 86_400
STEP_SECONDS = 1800
TOP = 8


@dataclass(frozen=True, slots=True)
class Figure:
    """What a tile of the strip is made from: a measure, and how the servers' values become one."""

    title: str
    measure: Measure
    level: Level


FIGURES = (
    Figure("CPU, median", CPU, "median"),
    Figure("Memory, median", MEMORY, "median"),
    Figure("Fullest disk", DISK, "max"),
    Figure("Load, median", LOAD, "median"),
    Figure("Network in, total", NETWORK_IN, "sum"),
    Figure("Network out, total", NETWORK_OUT, "sum"),
)


@dataclass(frozen=True, slots=True)
class KeyFigure:
    """A tile: title, newest value, how it differs from a day before, and a line of the day between."""

    title: str
    value: str
    change: str
    line: tuple[float | None, ...]


def wanted_levels() -> tuple[tuple[Choice, Level], ...]:
    """What to ask the store for, in the order of the tiles."""
    return tuple((figure.measure.choice, figure.level) for figure in FIGURES)


def day_window(now_ms: int) -> Window:
    """The last complete half hours of a day and one more, so that the first is the same time yesterday."""
    end = now_ms // 1000 // STEP_SECONDS * STEP_SECONDS
    return Window((end - DAY_SECONDS - STEP_SECONDS) * 1000, end * 1000, STEP_SECONDS)


def key_figures(columns: Mapping[str, Sequence[float | None]]) -> tuple[KeyFigure, ...]:
    """The tiles from the answer's columns v0, v1, …"""
    return tuple(_key_figure(figure, columns.get(f"v{index}", ())) for index, figure in enumerate(FIGURES))


def _key_figure(figure: Figure, line: Sequence[float | None]) -> KeyFigure:
    now, before = (line[-1], line[0]) if line else (None, None)
    return KeyFigure(
        figure.title, value_text(now, figure.measure.unit), _change(now, before, figure.measure.unit), tuple(line)
    )


def _change(now: float | None, before: float | None, unit: str) -> str:
    if now is None or before is None:
        return "no value 24 h ago"
    if unit == "1":
        points = (now - before) * 100
        return "as 24 h ago" if abs(points) < 0.5 else f"{'▲' if points > 0 else '▼'} {abs(points):.0f} pts vs 24 h ago"
    share = (now - before) / before if before else 0.0
    return "as 24 h ago" if abs(share) < 0.005 else f"{'▲' if share > 0 else '▼'} {abs(share):.0%} vs 24 h ago"


@dataclass(frozen=True, slots=True)
class Ranked:
    """One bar of the ranking. ``level``: that of the server's worst open alert about this metric, "" without one."""

    server_id: str
    name: str
    value: float
    text: str
    level: str = ""


def ranking(fleet: Fleet, key: str) -> tuple[Ranked, ...]:
    """The servers with the highest newest value of a fleet measure; silent ones are left out."""
    found = [_ranked(host, key) for host in fleet.hosts if key in host.readings and not host.verdict.is_silent]
    return tuple(sorted(found, key=lambda one: (-one.value, one.name))[:TOP])


def _ranked(host: Host, key: str) -> Ranked:
    measure, value = FLEET[key], host.readings[key].value
    level = next((alert.level for alert in host.alerts if alert.metric == measure.choice.metric), "")
    return Ranked(host.server_id, host.server.name, value, value_text(value, measure.unit), level)
