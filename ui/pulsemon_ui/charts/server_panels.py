"""Many panels on one canvas, two beside each other, sharing one crosshair and one brush."""

from collections.abc import Sequence

import pyarrow as pa
from pulsemon_sinks.reader.choice import Window

from pulsemon_ui.charts.palette import Palette, Spec, box, hidden_line, time_axis, value_axis
from pulsemon_ui.view_models.panels import Panel

PANEL_PIXELS = 168
HEAD_PIXELS = 34
FOOT_PIXELS = 26


def height(count: int, columns: int = 2) -> int:
    """The pixels that so many panels need."""
    return -(-count // columns) * PANEL_PIXELS + 8


def panel_table(times: Sequence[float], panels: Sequence[Panel]) -> pa.Table:
    """The values of all panels as one table: x, and m, l and d with the number of the panel."""
    columns: dict[str, pa.Array] = {"x": pa.array(times, pa.float64())}
    for index, panel in enumerate(panels):
        for part, values in (("m", panel.middle), ("l", panel.low), ("d", panel.spread)):
            columns[f"{part}{index}"] = pa.array(values, pa.float64())
    return pa.table(columns)


def panel_spec(table: pa.Table, panels: Sequence[Panel], window: Window, colours: Palette, columns: int = 2) -> Spec:
    """The chart. ``table`` is that of ``panel_table``."""
    numbered = list(enumerate(panels))
    bottom = len(panels) - columns
    return {
        "animation": False,
        "dataset": {"source": table},
        "title": [title for i, panel in numbered for title in _titles(i, panel, colours, columns)],
        "grid": [_grid(i, colours, columns) for i, _ in numbered],
        "xAxis": [
            time_axis(
                colours, window.start_ms, window.end_ms, gridIndex=i, axisPointer={"label": {"show": i >= bottom}}
            )
            for i, _ in numbered
        ],
        "yAxis": [value_axis(colours, gridIndex=i, max=panel.top, interval=panel.line) for i, panel in numbered],
        "series": [line for i, panel in numbered for line in _lines(i, panel, colours)],
        "tooltip": {"trigger": "axis", "confine": True},
        "axisPointer": {"link": [{"xAxisIndex": "all"}], "lineStyle": {"color": colours.dim}},
        "legend": {"show": False},
        "brush": {
            "xAxisIndex": "all",
            "brushType": "lineX",
            "brushMode": "single",
            "transformable": False,
            "brushStyle": {"color": f"{colours.accent}22", "borderColor": colours.accent, "borderWidth": 1},
            "outOfBrush": {"colorAlpha": 1},
        },
        "toolbox": {"show": False, "feature": {"brush": {"type": ["lineX"]}}},
    }


def _place(index: int, columns: int) -> tuple[float, float, int]:
    """Left edge and width in percent, top in pixels."""
    row, column = divmod(index, columns)
    width = 100 / columns
    return column * width, width, row * PANEL_PIXELS


def _grid(index: int, colours: Palette, columns: int) -> Spec:
    left, width, top = _place(index, columns)
    inset = 3.6 if columns > 1 else 11
    return box(
        left=f"{left + inset}%",
        width=f"{width - inset - (1.6 if columns > 1 else 2)}%",
        top=top + HEAD_PIXELS,
        height=PANEL_PIXELS - HEAD_PIXELS - FOOT_PIXELS,
        show=True,
        borderWidth=0,
        backgroundColor=colours.panel,
    )


def _titles(index: int, panel: Panel, colours: Palette, columns: int) -> tuple[Spec, Spec]:
    left, width, top = _place(index, columns)
    unit = {"fontSize": 11, "fontWeight": 400, "color": colours.dim}
    style: Spec = {"fontSize": 13, "fontWeight": 600, "color": colours.text, "rich": {"u": unit}}
    text = f"{panel.title}  {{u|{panel.unit}}}" if panel.unit else panel.title
    right = left + width - (1.6 if columns > 1 else 2)
    return (
        {"text": text, "left": f"{left + 0.2}%", "top": top + 6, "textStyle": style},
        {"text": panel.now, "left": f"{right}%", "textAlign": "right", "top": top + 6, "textStyle": style},
    )


def _lines(index: int, panel: Panel, colours: Palette) -> tuple[Spec, Spec, Spec]:
    place = {"xAxisIndex": index, "yAxisIndex": index}
    area = {"areaStyle": {"color": colours.accent, "opacity": 0.18}}
    return (
        hidden_line(**place, name=f"l{index}", stack=f"s{index}", encode={"x": "x", "y": f"l{index}"}),
        hidden_line(**place, **area, name=f"d{index}", stack=f"s{index}", encode={"x": "x", "y": f"d{index}"}),
        {
            **place,
            "type": "line",
            "name": panel.title,
            "encode": {"x": "x", "y": f"m{index}", "tooltip": [f"m{index}"]},
            "symbol": "none",
            "showSymbol": False,
            "connectNulls": False,
            "color": colours.accent,
            "lineStyle": {"width": 1.6, "color": colours.accent},
            "emphasis": {"disabled": True},
            "tooltip": {"valueFormatter": "%.2f"},
        },
    )
