"""Server: how one server is doing, over any time of its raw history."""

import streamlit as st

from pulsemon_ui.data import dashboard
from pulsemon_ui.pages.controls import choose, refresh_choice, switch
from pulsemon_ui.pages.frame import trouble_bar
from pulsemon_ui.pages.server_alerts import alert_history, open_cards, server_alerts
from pulsemon_ui.pages.server_header import server_header
from pulsemon_ui.pages.server_metrics import all_metrics
from pulsemon_ui.pages.server_panels import server_panels
from pulsemon_ui.pages.span import back_to_live, chosen_span, has_fixed_span
from pulsemon_ui.view_models.fleet import Fleet, Host
from pulsemon_ui.view_models.metrics import sets_with
from pulsemon_ui.view_models.timerange import DEFAULT, RANGES, aligned_window

SLOW_RANGES = ("24h", "7d")
NAMES_SECONDS = 3 * 3600
NAMES_STEP_SECONDS = 3600


def show() -> None:
    """The page."""
    answer = dashboard().fleet()
    trouble_bar(answer)
    if answer.value is None or not answer.value.hosts:
        st.markdown("No server is known yet.")
        return
    host, range_word, set_title, refresh = _controls(answer.value)
    if host is None:
        st.markdown("This server is not known. Choose one above.")
        return
    slow = range_word in SLOW_RANGES and not has_fixed_span()
    every = None if refresh is None or has_fixed_span() else max(refresh, 60) if slow else refresh
    st.fragment(_live, run_every=every)(host.server_id, range_word, set_title)
    all_metrics(host.server_id, range_word)


def _controls(fleet: Fleet) -> tuple[Host | None, str, str, int | None]:
    """Which server, range, set and refresh are chosen; all of it in the URL."""
    ids = [host.server_id for host in fleet.hosts]
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="controls"):
        server_id = choose("Server", ids, "id", width=220)
        range_word = switch("Range", list(RANGES), DEFAULT, "range", on_change=back_to_live)
        host = next((one for one in fleet.hosts if one.server_id == server_id), None)
        titles = (list(_sets(host)) if host is not None else []) or ["Essentials"]
        title = switch("Set", titles, titles[0], "set")
        st.space("stretch")
        refresh = refresh_choice()
    return host, range_word, title, refresh


def _sets(host: Host) -> dict[str, object]:
    """What the server sent when it was last seen: the same question for an hour, over a time that is soon read."""
    seen_ms = host.server.last_seen_ms or dashboard().now_ms()
    window = aligned_window(seen_ms, NAMES_SECONDS, NAMES_STEP_SECONDS)
    return dict(sets_with(dashboard().metric_names(host.server_id, window).value or frozenset()))


def _live(server_id: str, range_word: str, set_title: str) -> None:
    with dashboard().vitals.refreshing():
        _body(server_id, range_word, set_title)


def _body(server_id: str, range_word: str, set_title: str) -> None:
    fleet = dashboard().fleet()
    host = next((one for one in fleet.value.hosts if one.server_id == server_id), None) if fleet.value else None
    if host is None:
        return
    alerts = server_alerts(server_id)
    is_narrow = server_header(host, dashboard().now_ms())
    open_cards(host.alerts)
    server_panels(host.server, set_title, chosen_span(range_word, dashboard().now_ms()), 1 if is_narrow else 2, alerts)
    alert_history(alerts)
