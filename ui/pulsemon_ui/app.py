"""The script that Streamlit runs for each viewer: it frames the page and hands over to the one that the URL names."""

import streamlit as st

from pulsemon_ui.pages.frame import frame
from pulsemon_ui.pages.routes import overview_page, server_page

st.set_page_config(page_title="Pulse Monitor", page_icon="💓", layout="wide")
frame()
st.navigation([overview_page(), server_page()], position="top").run()
