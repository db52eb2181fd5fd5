"""The alerts of the Server page: open ones above its panels, all of the last weeks below."""

from collections.abc import Sequence

import pyarrow as pa
import streamlit as st
from pulsemon_sinks.reader.alerts import Transition

from pulsemon_ui.components.parts import alert_cards
from pulsemon_ui.data import dashboard
from pulsemon_ui.pages.frame import card_title
from pulsemon_ui.view_models.alert_cards import alert_cards as cards_of
from pulsemon_ui.view_models.alert_cards import alert_rows
from pulsemon_ui.view_models.timerange import aligned_window, viewer_zone

DAYS = 30
STEP_SECONDS = 60
ROWS = 200


def server_alerts(server_id: str) -> tuple[Transition, ...]:
    """What the store knows of the last weeks, newest first."""
    window = aligned_window(dashboard().now_ms(), DAYS * 86_400, STEP_SECONDS)
    return dashboard().alerts_of(server_id, window).value or ()


def open_cards(alerts: Sequence[Transition]) -> None:
    """A card for each open alert, worst first."""
    if alerts:
        alert_cards(cards_of(alerts, dashboard().now_ms(), viewer_zone(st.context.timezone)))


def alert_history(alerts: Sequence[Transition]) -> None:
    """The table; one line where there is nothing to tell."""
    if not alerts:
        card_title(f"No alerts in {DAYS} days")
        return
    card_title(f"Alerts of the last {DAYS} days")
    rows = alert_rows(alerts[:ROWS], dashboard().now_ms(), viewer_zone(st.context.timezone))
    st.dataframe(pa.Table.from_pylist(rows), hide_index=True, key="alert-history")
