"""The panels of the Server page: one canvas; dragging over it looks closer."""

from collections.abc import Sequence

import streamlit as st
from pulsemon_sinks.reader.alerts import Transition
from pulsemon_sinks.reader.servers import Server

from pulsemon_ui.charts.palette import palette
from pulsemon_ui.charts.server_marks import mark_series
from pulsemon_ui.charts.server_panels import brush_area, height, panel_spec, panel_table
from pulsemon_ui.components.parts import time_brush
from pulsemon_ui.data import dashboard
from pulsemon_ui.pages.frame import awaited, trouble_bar
from pulsemon_ui.pages.span import back_to_live, take
from pulsemon_ui.view_models.marks import marks_of
from pulsemon_ui.view_models.metrics import SETS
from pulsemon_ui.view_models.panels import panels
from pulsemon_ui.view_models.timerange import Span, span_text, viewer_zone


def server_panels(server: Server, set_title: str, span: Span, columns: int, alerts: Sequence[Transition] = ()) -> None:
    """The panels of a set over a span; panels without any value are left out. ``alerts``: the server's so far."""
    server_id = server.server_id
    measures = SETS.get(set_title, SETS["Essentials"])
    with awaited("panels", height=height(len(measures), columns)):
        answer = dashboard().series(server_id, tuple(measure.choice for measure in measures), span.window)
    trouble_bar(answer)
    if answer.value is None:
        return
    _span_bar(span)
    rules = dashboard().rules().value or ()
    shown = panels(
        measures, answer.value.to_pydict(), marks_of(measures, server, rules, alerts), span.window.step_seconds
    )
    if not shown:
        st.markdown("Nothing was sent in this time.")
        return
    colours, zone = palette(st.context.theme.type), viewer_zone(st.context.timezone)
    table = panel_table(answer.value.column("x").to_pylist(), shown, zone)
    key = f"panels-{columns}-{span.window.step_seconds}-{'live' if span.is_live else span.window.start_ms}"
    alt = f"{set_title} of {server_id}: " + ", ".join(f"{panel.title} {panel.now}" for panel in shown)
    spec = panel_spec(table, shown, span.window, colours, columns)
    spec["series"] = [*spec["series"], *mark_series(shown, colours)]  # type: ignore[misc]
    st.echarts_chart(spec, height=height(len(shown), columns), key=key, alt=alt)
    chosen = time_brush(key, brush_area(len(shown), span.window, columns))
    if chosen:
        take(chosen)
        st.rerun()


def _span_bar(span: Span) -> None:
    """Says which time is shown while it is a fixed one."""
    if not span.is_live:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.button("Back to live", key="live", on_click=back_to_live, icon=":material/play_arrow:")
            st.markdown(span_text(span, viewer_zone(st.context.timezone)))
