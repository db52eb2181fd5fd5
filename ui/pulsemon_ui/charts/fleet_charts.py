"""The charts of the Overview: the band of the fleet, the ranking, how many servers sent data."""

from collections.abc import Sequence

import pyarrow as pa
from pulsemon_sinks.reader.choice import Window

from pulsemon_ui.charts.palette import Palette, Spec, box, hidden_line, time_axis, value_axis
from pulsemon_ui.view_models.strip import Ranked

HEIGHT = 220


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
        ],
    }


def _line(name: str, column: str, style: Spec, colour: str) -> Spec:
    encode = {"x": "x", "y": column, "tooltip": [column]}
    return {"type": "line", "name": name, "encode": encode, "symbol": "none", "lineStyle": style, "color": colour}


def ranking_spec(ranked: Sequence[Ranked], top: float | None, colours: Palette) -> Spec:
    """Bars of the highest first; grey, because no limit has judged them."""
    rows = list(reversed(ranked))
    data = [{"value": round(one.value, 4), "name": one.server_id, "label": {"formatter": one.text}} for one in rows]
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
        "series": [{"type": "bar", "barWidth": 12, "data": data, "label": label, "itemStyle": _bar(colours)}],
    }


def _bar(colours: Palette) -> Spec:
    return {"color": colours.bar, "borderRadius": 3}


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
