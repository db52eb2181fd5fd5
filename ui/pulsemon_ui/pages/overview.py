"""Overview: what is wrong, where, since when; the fleet; what to look at first; the trends of a day."""

import streamlit as st

from pulsemon_ui.components.parts import attention_list, fleet_grid, headline
from pulsemon_ui.data import dashboard
from pulsemon_ui.pages.controls import choose
from pulsemon_ui.pages.filters import Filters, clear_filters, filter_bar, pressed_statuses, toggle_status
from pulsemon_ui.pages.frame import awaited, card_title, quiet, trouble_bar
from pulsemon_ui.pages.onboarding import onboarding
from pulsemon_ui.pages.routes import open_server
from pulsemon_ui.pages.trends import trends
from pulsemon_ui.view_models.attention import attention, attention_title
from pulsemon_ui.view_models.fleet import GROUPINGS, Fleet, groups
from pulsemon_ui.view_models.small_lines import wanted_lines

COLOURS = ("status", "cpu", "memory", "disk")


def show() -> None:
    """The page."""
    with awaited("fleet", height=460):
        fleet = dashboard().fleet().value
    filters = filter_bar(fleet)
    st.fragment(_live, run_every=filters.refresh_seconds)(filters)
    st.fragment(trends, run_every=60 if filters.refresh_seconds else None)(filters)


def _live(filters: Filters) -> None:
    """Everything that changes with each refresh."""
    with dashboard().vitals.refreshing():
        _body(filters)


def _body(filters: Filters) -> None:
    answer = dashboard().fleet()
    trouble_bar(answer)
    if answer.value is None:
        return
    if not answer.value.hosts:
        onboarding()
        return
    fleet = answer.value.only(filters.places)
    headline(fleet, dashboard().now_ms(), pressed_statuses(), toggle_status)
    left, right = st.columns([11, 10], gap="small")
    with left.container(border=True, height="stretch", key="fleet-card"):
        opened = _fleet_card(fleet)
    with right.container(border=True, height="stretch", key="attention-card"):
        opened = _attention_card(fleet) or opened
    if opened:
        open_server(opened)


def _fleet_card(fleet: Fleet) -> str | None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        card_title("Servers")
        st.space("stretch")
        quiet("by")
        grouping = choose("Group by", GROUPINGS, "group", width=150)
        quiet("colour")
        colour = choose("Colour by", COLOURS, "colour", width=130)
    made = groups(fleet, grouping, colour, pressed_statuses())
    if made:
        return fleet_grid(made, colour)
    st.markdown("No server matches these filters.")
    if st.button("Clear filters", icon=":material/filter_alt_off:"):
        clear_filters()
        st.rerun()
    return None


def _attention_card(fleet: Fleet) -> str | None:
    rows = attention(fleet)
    card_title(*attention_title(rows))
    lines = dashboard().sparklines(wanted_lines(rows, dashboard().now_ms()))
    return attention_list(rows, lines.value or {})
