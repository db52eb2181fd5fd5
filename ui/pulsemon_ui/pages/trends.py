"""The lower half of the Overview: key figures and the charts of the last day, asked once a minute."""

import pyarrow as pa
import streamlit as st
from pulsemon_sinks.reader.choice import Window

from pulsemon_ui.charts import fleet_charts
from pulsemon_ui.charts.palette import palette
from pulsemon_ui.components.parts import key_figures
from pulsemon_ui.data import dashboard
from pulsemon_ui.pages.controls import choose
from pulsemon_ui.pages.filters import Filters
from pulsemon_ui.pages.frame import awaited, card_title
from pulsemon_ui.pages.opened_alerts import opened_alerts
from pulsemon_ui.view_models.fleet import Fleet
from pulsemon_ui.view_models.metrics import CPU, FLEET
from pulsemon_ui.view_models.strip import day_window, ranking, wanted_levels
from pulsemon_ui.view_models.strip import key_figures as figures_of
from pulsemon_ui.view_models.timerange import RANGES, complete_window

BAND_STEP_SECONDS = 600


def trends(filters: Filters) -> None:
    """Nothing while the fleet is empty or unknown: the upper half says so."""
    fleet = dashboard().fleet().value
    if fleet is None or not fleet.hosts:
        return
    shown = fleet.only(filters.places)
    ids = tuple(host.server_id for host in shown.hosts) if filters.places else None
    window = complete_window(dashboard().now_ms(), RANGES["24h"], BAND_STEP_SECONDS)
    with awaited("trends", height=360):
        levels = dashboard().fleet_levels(wanted_levels(), day_window(dashboard().now_ms()), ids).value
        quantiles = dashboard().fleet_quantiles(CPU.choice, window, ids).value
    if levels is not None:
        key_figures(figures_of(levels.to_pydict()))
    band, ranks, reporting = st.columns([4, 3, 3], gap="small")
    if quantiles is not None:
        table = fleet_charts.band_table(quantiles, 100.0)
        with band.container(border=True, height="stretch"):
            _band(table, window)
        with reporting.container(border=True, height="stretch"):
            if not opened_alerts(ids):
                _reporting(table, window, len(shown.hosts))
    with ranks.container(border=True, height="stretch"):
        _ranking(shown)


def _band(table: pa.Table, window: Window) -> None:
    card_title("CPU across the fleet, last 24 h, %")
    spec = fleet_charts.band_spec(table, window, palette(st.context.theme.type))
    alt = "Busy CPU in percent over 24 hours: median, 99th percentile, and the band from the 10th to the 90th"
    st.echarts_chart(spec, height=fleet_charts.HEIGHT, key="band", alt=alt)


def _reporting(table: pa.Table, window: Window, total: int) -> None:
    card_title("Servers that sent data, last 24 h")
    spec = fleet_charts.reporting_spec(table, window, max(1, total), palette(st.context.theme.type))
    alt = "How many servers sent data over 24 hours"
    st.echarts_chart(spec, height=fleet_charts.HEIGHT, key="reporting", alt=alt)


def _ranking(fleet: Fleet) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        card_title("Top 8 by")
        st.space("stretch")
        key = choose("Rank by", list(FLEET), "top", width=140)
    ranked = ranking(fleet, key)
    top = 1.0 if FLEET[key].unit == "1" else None
    spec = fleet_charts.ranking_spec(ranked, top, palette(st.context.theme.type))
    st.echarts_chart(
        spec, height=fleet_charts.HEIGHT, key="ranking", alt=f"The servers with the highest {FLEET[key].title.lower()}"
    )
