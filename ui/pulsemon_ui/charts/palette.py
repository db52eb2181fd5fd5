"""Colours of charts in both themes; those of states are the theme's, which style sheets know by name."""

from collections.abc import Sequence
from dataclasses import dataclass

from pulsemon_ui.view_models.gaps import alone

Spec = dict[str, object]


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours of one theme."""

    accent: str
    text: str
    dim: str
    grid: str
    panel: str
    bar: str
    warning: str
    critical: str
    warning_text: str
    critical_text: str

    def level(self, name: str) -> str:
        """The fill of a level; that of no status for any other."""
        return {"critical": self.critical, "warning": self.warning}.get(name, self.accent)

    def level_text(self, name: str) -> str:
        """The colour of a level's words."""
        return {"critical": self.critical_text, "warning": self.warning_text}.get(name, self.dim)


LIGHT = Palette(
    accent="#1F6FB2",
    text="#1B2027",
    dim="#5C6673",
    grid="#E6EAEE",
    panel="#F8F9FB",
    bar="#7C93A8",
    warning="#C88400",
    critical="#B3112F",
    warning_text="#8A5A00",
    critical_text="#A30F2B",
)
DARK = Palette(
    accent="#5AA9E6",
    text="#E6E9EE",
    dim="#9AA4B1",
    grid="#2A303A",
    panel="#191D23",
    bar="#5E7387",
    warning="#FFCB52",
    critical="#E8293F",
    warning_text="#FFCB52",
    critical_text="#FF8A96",
)


def palette(theme: str | None) -> Palette:
    """The colours for "light" or "dark"; light if it is not known."""
    return DARK if theme == "dark" else LIGHT


def time_axis(colours: Palette, start_ms: int, end_ms: int, **more: object) -> Spec:
    """A quiet axis of time from edge to edge."""
    return {
        "type": "time",
        "min": start_ms,
        "max": end_ms,
        "axisLabel": {"fontSize": 11, "color": colours.dim, "hideOverlap": True},
        "axisLine": {"lineStyle": {"color": colours.grid}},
        "axisTick": {"show": False},
        "splitLine": {"show": False},
        **more,
    }


def value_axis(colours: Palette, **more: object) -> Spec:
    """An axis of values from 0 with a few faint lines."""
    return {
        "type": "value",
        "min": 0,
        "splitNumber": 3,
        "axisLabel": {"fontSize": 11, "color": colours.dim},
        "splitLine": {"lineStyle": {"color": colours.grid}},
        "axisPointer": {"show": False},
        **more,
    }


def box(**edges: object) -> Spec:
    """A grid whose edges are exactly where they are put."""
    return {"containLabel": False, "outerBoundsMode": "none", **edges}


def dots(times: Sequence[float], values: Sequence[float | None], colour: str, **more: object) -> list[Spec]:
    """A series of dots where the line through the values shows nothing; none if it shows them all."""
    data = [[times[place], values[place]] for place in alone(values)]
    if not data:
        return []
    shape: Spec = {"symbolSize": 4, "color": colour, "silent": True, "tooltip": {"show": False}}
    return [{"type": "scatter", "data": data, **shape, **more}]


def hidden_line(**more: object) -> Spec:
    """A line that only carries an area: the floor of a band, or its height."""
    return {
        "type": "line",
        "symbol": "none",
        "silent": True,
        "lineStyle": {"opacity": 0},
        "tooltip": {"show": False},
        "emphasis": {"disabled": True},
        **more,
    }
