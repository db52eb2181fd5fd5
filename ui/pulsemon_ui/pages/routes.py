"""The pages by their addresses, and the ways between them."""

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from pulsemon_ui.pages.controls import carried_refresh


def overview_page() -> StreamlitPage:
    """The fleet, at ``/``."""
    from pulsemon_ui.pages import overview

    return st.Page(overview.show, title="Overview", icon=":material/dashboard:", url_path="overview", default=True)


def server_page() -> StreamlitPage:
    """One server, at ``/server``."""
    from pulsemon_ui.pages import server

    return st.Page(server.show, title="Server", icon=":material/monitor_heart:", url_path="server")


def open_server(server_id: str) -> None:
    """Goes to the page of a server; how often to refresh goes with the viewer."""
    st.switch_page(server_page(), query_params={"id": server_id, **carried_refresh()})
