"""The panels of the Server page: one canvas, brushed to look closer."""

import streamlit as st

from pulsemon_ui.charts.palette import palette
from pulsemon_ui.charts.server_panels import height, panel_spec, panel_table
from pulsemon_ui.data import dashboard
from pulsemon_ui.pages.frame import trouble_bar
from pulsemon_ui.pages.span import back_to_live, take_brush
from pulsemon_ui.view_models.metrics import SETS
from pulsemon_ui.view_models.panels import panels
from pulsemon_ui.view_models.timerange import Span


def server_panels(server_id: str, set_title: str, span: Span, columns: int) -> None:
    """The panels of a set over a span; panels without any value are left out."""
    measures = SETS.get(set_title, SETS["Essentials"])
    answer = dashboard().series(server_id, tuple(measure.choice for measure in measures), span.window)
    trouble_bar(answer)
    if answer.value is None:
        return
    _span_bar(span)
    shown = panels(measures, answer.value.to_pydict())
    if not shown:
        st.markdown("Nothing was sent in this time.")
        return
    table = panel_table(answer.value.column("x").to_pylist(), shown)
    spec = panel_spec(table, shown, span.window, palette(st.context.theme.type), columns)
    key = f"panels-{columns}-{span.window.step_seconds}-{'live' if span.is_live else span.window.start_ms}"
    alt = f"{set_title} of {server_id}: " + ", ".join(f"{panel.title} {panel.now}" for panel in shown)
    st.echarts_chart(spec, height=height(len(shown), columns), key=key, alt=alt, on_select=lambda: take_brush(key))


def _span_bar(span: Span) -> None:
    if not span.is_live:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.button("Back to live", key="live", on_click=back_to_live, icon=":material/play_arrow:")
