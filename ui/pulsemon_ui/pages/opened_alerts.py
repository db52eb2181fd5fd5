"""The chart of how many alerts opened in the last week, once there is such a history."""

import streamlit as st

from pulsemon_ui.charts import fleet_charts
from pulsemon_ui.charts.palette import palette
from pulsemon_ui.data import dashboard
from pulsemon_ui.pages.frame import card_title
from pulsemon_ui.view_models.timerange import RANGES, aligned_window

STEP_SECONDS = 21_600


def opened_alerts(server_ids: tuple[str, ...] | None) -> bool:
    """Shows it and returns True; False before the oldest alert is as old as one bar of it."""
    now_ms = dashboard().now_ms()
    first_ms = dashboard().first_alert_ms().value
    if first_ms is None or now_ms - first_ms < STEP_SECONDS * 1000:
        return False
    window = aligned_window(now_ms, RANGES["7d"], STEP_SECONDS)
    table = dashboard().alerts_opened(window, server_ids).value
    if table is None:
        return False
    card_title("Alerts opened per 6 h, 7 days")
    spec = fleet_charts.opened_spec(table, window, palette(st.context.theme.type))
    totals = [f"{int(sum(table.column(name).to_pylist()))} {name}" for name in fleet_charts.BARS]
    alt = f"How many alerts opened in every six hours of seven days: {', '.join(totals)}"
    st.echarts_chart(spec, height=fleet_charts.HEIGHT, key="opened", alt=alt)
    return True
