"""Many panels on one canvas, two beside each other, sharing one crosshair."""

from collections.abc import Sequence
from datetime import datetime, tzinfo

import pyarrow as pa
from pulsemon_sinks.reader.choice import Window

from pulsemon_ui.charts.palette import Palette, Spec, box, dots, hidden_line, time_axis, value_axis
from pulsemon_ui.view_models.panels import Panel

PANEL_PIXELS = 168
HEAD_PIXELS = 34
FOOT_PIXELS = 26


def height(count: int, columns: int = 2) -> int:
    """The pixels that so many panels need."""
    return -(-count // columns) * PANEL_PIXELS + 8


def panel_table(times: Sequence[float], panels: Sequence[Panel], zone: tzinfo) -> pa.Table:
    """The values of all panels as one table: x, its words in the zone, and m, l and d with the number of the panel."""
    words = [f"{datetime.fromtimestamp(time / 1000, zone):%a %d %b, %H:%M:%S}" for time in times]
    columns: dict[str, pa.Array] = {"x": pa.array(times, pa.float64()), "when": pa.array(words, pa.string())}
    for index, panel in enumerate(panels):
        for part, values in (("m", panel.middle), ("l", panel.low), ("d", panel.spread)):
            columns[f"{part}{index}"] = pa.array(values, pa.float64())
    return pa.table(columns)


def panel_spec(table: pa.Table, panels: Sequence[Panel], window: Window, colours: Palette, columns: int = 2) -> Spec:
    """The chart. ``table`` is that of ``panel_table``."""
    numbered = list(enumerate(panels))
    bottom = len(panels) - columns
    times = table.column("x").to_pylist()
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
        "series": [
            *(line for i, panel in numbered for line in _lines(i, panel, colours)),
            *(
                dot
                for i, panel in numbered
                for dot in dots(times, panel.middle, colours.accent, xAxisIndex=i, yAxisIndex=i)
            ),
        ],
        "tooltip": {"trigger": "axis", "confine": True, "formatter": _tooltip(panels)},
        "axisPointer": {"link": [{"xAxisIndex": "all"}], "lineStyle": {"color": colours.dim}},
        "legend": {"show": False},
    }


def brush_area(count: int, window: Window, columns: int) -> Spec:
    """Where the fields of the panels lie and which time they show, for what reads a drag over them."""
    before, after = inset(columns)
    return {
        "count": count,
        "columns": columns,
        "left_share": before / 100,
        "width_share": 1 / columns - (before + after) / 100,
        "panel_pixels": PANEL_PIXELS,
        "head_pixels": HEAD_PIXELS,
        "foot_pixels": FOOT_PIXELS,
        "start_ms": window.start_ms,
        "end_ms": window.end_ms,
    }


def _place(index: int, columns: int) -> tuple[float, float, int]:
    """Left edge and width in percent, top in pixels."""
    row, column = divmod(index, columns)
    width = 100 / columns
    return column * width, width, row * PANEL_PIXELS


def inset(columns: int) -> tuple[float, float]:
    """How far a panel's field lies inside its share of the canvas, left and right, in percent of the canvas."""
    return (3.6, 1.6) if columns > 1 else (11.0, 2.0)


def _tooltip(panels: Sequence[Panel]) -> str:
    """The time, and every panel's value with its unit. Titles and units are our own words, so they need no escaping."""
    cell = '<td style="padding-right:16px">{}</td><td style="text-align:right"><b>{}</b> {}</td>'
    rows = [cell.format(panel.title, f"{{@m{index}}}", panel.unit) for index, panel in enumerate(panels)]
    return "{@when}<table>" + "".join(f"<tr>{row}</tr>" for row in rows) + "</table>"


def _grid(index: int, colours: Palette, columns: int) -> Spec:
    left, width, top = _place(index, columns)
    before, after = inset(columns)
    return box(
        left=f"{left + before}%",
        width=f"{width - before - after}%",
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
    right = left + width - inset(columns)[1]
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
            "encode": {"x": "x", "y": f"m{index}"},
            "symbol": "none",
            "showSymbol": False,
            "connectNulls": False,
            "color": colours.accent,
            "lineStyle": {"width": 1.6, "color": colours.accent},
            "emphasis": {"disabled": True},
        },
    )
