"""Limits and the starts of alerts, drawn into the panels of a server."""

from collections.abc import Sequence

from pulsemon_ui.charts.palette import Palette, Spec
from pulsemon_ui.view_models.alerts import look_of
from pulsemon_ui.view_models.marks import Limit, Start
from pulsemon_ui.view_models.panels import Panel

BAND_OPACITY = 0.1


def mark_series(panels: Sequence[Panel], colours: Palette) -> list[Spec]:
    """A series without values for each panel that has marks; to be added to those of ``panel_spec``."""
    return [_series(index, panel, colours) for index, panel in enumerate(panels) if panel.limits or panel.starts]


def _series(index: int, panel: Panel, colours: Palette) -> Spec:
    limits = [_limit_line(limit, _far_end(limit, panel) in (panel.top, 0.0), colours) for limit in panel.limits]
    starts = [_start_line(start, colours) for start in panel.starts]
    return {
        "type": "line",
        "xAxisIndex": index,
        "yAxisIndex": index,
        "data": [],
        "silent": True,
        "tooltip": {"show": False},
        "markLine": {"silent": True, "animation": False, "symbol": "none", "data": [*limits, *starts]},
        "markArea": {"silent": True, "data": [_band(limit, panel, colours) for limit in panel.limits]},
    }


def _limit_line(limit: Limit, is_worst: bool, colours: Palette) -> Spec:
    """Its words stand on the bad side of the worst limit and on the good side of others, so that they never meet."""
    style = "solid" if limit.level == "critical" else "dashed"
    side = "Top" if limit.fires_above == is_worst else "Bottom"
    label = {
        "show": True,
        "position": f"insideStart{side}",
        "distance": [2, 1],
        "fontSize": 10,
        "color": colours.level_text(limit.level),
        "formatter": f"{look_of(limit.level).glyph} {limit.value:g}",
    }
    line = {"type": style, "width": 1.2, "color": colours.level(limit.level)}
    return {"yAxis": limit.value, "label": label, "lineStyle": line}


def _start_line(start: Start, colours: Palette) -> Spec:
    label = {
        "show": True,
        "position": "end",
        "distance": 2,
        "fontSize": 10,
        "color": colours.level_text(start.level),
        "formatter": look_of(start.level).glyph,
    }
    line = {"type": "dotted", "width": 1.4, "color": colours.level(start.level)}
    return {"xAxis": start.at_ms, "label": label, "lineStyle": line}


def _band(limit: Limit, panel: Panel, colours: Palette) -> list[Spec]:
    """From the limit to the next worse one, or to the end of the axis."""
    return [
        {"yAxis": limit.value, "itemStyle": {"color": colours.level(limit.level), "opacity": BAND_OPACITY}},
        {"yAxis": _far_end(limit, panel)},
    ]


def _far_end(limit: Limit, panel: Panel) -> float:
    others = [one.value for one in panel.limits if one.fires_above == limit.fires_above]
    if limit.fires_above:
        return min((value for value in others if value > limit.value), default=panel.top)
    return max((value for value in others if value < limit.value), default=0.0)
