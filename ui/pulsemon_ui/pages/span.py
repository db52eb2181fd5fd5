"""Which time the Server page shows: the range that follows the newest data, or what was brushed."""

import streamlit as st

from pulsemon_ui.view_models.timerange import Span, brushed, fixed_span, live_span


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


def take_brush(key: str) -> None:
    """Puts what was brushed on the chart with this key into the URL."""
    selection = st.session_state[key].selection
    chosen = brushed(list(selection.get("areas", [])))
    if chosen is not None:
        st.query_params["from"], st.query_params["to"] = (str(seconds) for seconds in chosen)
