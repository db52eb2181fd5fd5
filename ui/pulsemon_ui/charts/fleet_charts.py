"""The charts of the Overview: the band of the fleet, the ranking, how many servers sent data, when alerts opened."""

from collections.abc import Sequence

import pyarrow as pa
from pulsemon_sinks.reader.choice import Window

from pulsemon_ui.charts.palette import Palette, Spec, box, dots, hidden_line, time_axis, value_axis
from pulsemon_ui.view_models.alerts import look_of
from pulsemon_ui.view_models.strip import Ranked

HEIGHT = 220
BARS = ("critical", "warning")


def band_table(answer: pa.Table, factor: float) -> pa.Table:
    """The table of the band from quantiles: x, low, spread, median, p99, servers; values times ``factor``."""
    columns = {name: answer.column(name).to_pylist() for name in ("p10", "p50", "p90", "p99")}
    scaled = {
        name: [None if one is None else round(one * factor, 3) for one in values] for name, values in columns.items()
    }
    spread = [
        None if low is None else round(high - low, 3) for low, high in zip(scaled["p10"], scaled["p90"], strict=True)
    ]
    return pa.table(
        {
            "x": answer.column("x"),
            "p10": pa.array(scaled["p10"], pa.float64()),
            "spread": pa.array(spread, pa.float64()),
            "median": pa.array(scaled["p50"], pa.float64()),
            "p99": pa.array(scaled["p99"], pa.float64()),
            "servers": answer.column("servers"),
        }
    )


def band_spec(table: pa.Table, window: Window, colours: Palette) -> Spec:
    """Median and 99th percentile of the servers over the band from the 10th to the 90th."""
    accent = {"color": colours.accent}
    return {
        "animation": False,
        "dataset": {"source": table},
        "grid": box(left=34, right=10, top=30, bottom=24),
        "xAxis": time_axis(colours, window.start_ms, window.end_ms),
        "yAxis": value_axis(colours, max=100, interval=25),
        "tooltip": {"trigger": "axis", "confine": True, "valueFormatter": "%.1f"},
        "legend": {
            "top": 0,
            "right": 4,
            "icon": "roundRect",
            "itemHeight": 4,
            "itemWidth": 16,
            "selectedMode": False,
            "textStyle": {"fontSize": 11, "color": colours.dim},
            "data": ["median", "p99", "p10 to p90"],
        },
        "series": [
            hidden_line(name="floor", stack="band", encode={"x": "x", "y": "p10"}),
            hidden_line(
                name="p10 to p90",
                stack="band",
                encode={"x": "x", "y": "spread"},
                color=f"{colours.accent}55",
                areaStyle={**accent, "opacity": 0.18},
            ),
            _line("median", "median", {"width": 1.8, **accent}, colours.accent),
            _line("p99", "p99", {"width": 1.2, "type": "dashed", "color": colours.dim}, colours.dim),
            *dots(table.column("x").to_pylist(), table.column("median").to_pylist(), colours.accent),
        ],
    }


def _line(name: str, column: str, style: Spec, colour: str) -> Spec:
    encode = {"x": "x", "y": column, "tooltip": [column]}
    return {"type": "line", "name": name, "encode": encode, "symbol": "none", "lineStyle": style, "color": colour}


def ranking_spec(ranked: Sequence[Ranked], top: float | None, colours: Palette) -> Spec:
    """Bars of the highest first; grey but for those that an open alert is about, whose level a glyph tells too."""
    rows = list(reversed(ranked))
    data = [_bar(one, colours) for one in rows]
    label = {"show": True, "position": "right", "fontSize": 12, "color": colours.text}
    names = {"fontSize": 12, "color": colours.text, "width": 118, "overflow": "truncate"}
    return {
        "animation": False,
        "grid": box(left=128, right=52, top=4, bottom=4),
        "xAxis": {"type": "value", "show": False, "min": 0, "max": top},
        "yAxis": {
            "type": "category",
            "data": [one.name for one in rows],
            "axisLine": {"show": False},
            "axisTick": {"show": False},
            "axisLabel": names,
        },
        "series": [{"type": "bar", "barWidth": 12, "data": data, "label": label}],
    }


def _bar(one: Ranked, colours: Palette) -> Spec:
    colour = colours.level(one.level) if one.level in BARS else colours.bar
    glyph = f" {look_of(one.level).glyph}" if one.level in BARS else ""
    style = {"color": colour, "borderRadius": 3}
    return {
        "value": round(one.value, 4),
        "name": one.server_id,
        "label": {"formatter": f"{one.text}{glyph}"},
        "itemStyle": style,
    }


def opened_spec(table: pa.Table, window: Window, colours: Palette) -> Spec:
    """How many alerts opened in each bucket, critical below warning, by their worst level."""
    half_ms = window.step_seconds * 500
    columns = {name: table.column(name).to_pylist() for name in ("x", *BARS)}
    most = max((sum(pair) for pair in zip(*(columns[name] for name in BARS), strict=True)), default=0.0)
    return {
        "animation": False,
        "grid": box(left=34, right=10, top=30, bottom=24),
        "xAxis": time_axis(colours, window.start_ms, window.end_ms),
        "yAxis": value_axis(colours, max=max(3, most), minInterval=1),
        "tooltip": {"trigger": "axis", "confine": True, "valueFormatter": "%d"},
        "legend": {
            "top": 0,
            "right": 4,
            "icon": "roundRect",
            "itemHeight": 10,
            "itemWidth": 10,
            "selectedMode": False,
            "textStyle": {"fontSize": 11, "color": colours.dim},
        },
        "series": [
            {
                "type": "bar",
                "name": f"{look_of(name).glyph} {name}",
                "stack": "alerts",
                "barMaxWidth": 9,
                "itemStyle": {"color": colours.level(name)},
                "data": [[at + half_ms, count] for at, count in zip(columns["x"], columns[name], strict=True)],
            }
            for name in BARS
        ],
    }


def reporting_spec(table: pa.Table, window: Window, total: int, colours: Palette) -> Spec:
    """How many of ``total`` servers (at least one) sent data in each bucket."""
    return {
        "animation": False,
        "dataset": {"source": table},
        "grid": box(left=34, right=10, top=12, bottom=24),
        "xAxis": time_axis(colours, window.start_ms, window.end_ms),
        "yAxis": value_axis(colours, max=total, interval=max(1, -(-total // 3))),
        "tooltip": {"trigger": "axis", "confine": True, "valueFormatter": "%d"},
        "series": [
            {
                **_line("servers", "servers", {"width": 1.6, "color": colours.accent}, colours.accent),
                "step": "end",
                "areaStyle": {"color": colours.accent, "opacity": 0.12},
            }
        ],
    }
