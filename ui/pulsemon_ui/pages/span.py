"""Which time the Server page shows: the range that follows the newest data, or what was chosen by dragging."""

import streamlit as st

from pulsemon_ui.view_models.timerange import Span, chosen, fixed_span, live_span


def chosen_span(range_word: str, now_ms: int) -> Span:
    """What the URL says."""
    return fixed_span(st.query_params.get("from"), st.query_params.get("to"), now_ms) or live_span(range_word, now_ms)


def has_fixed_span() -> bool:
    """True if the page shows a time that does not move."""
    return "from" in st.query_params and "to" in st.query_params


def back_to_live() -> None:
    """Follows the newest data again."""
    st.query_params.pop("from", None)
    st.query_params.pop("to", None)


def take(times: str) -> None:
    """Puts the time that was chosen by dragging into the URL."""
    ends = chosen(times)
    if ends is not None:
        st.query_params["from"], st.query_params["to"] = ends
