"""The controls above charts and lists: without visible labels, their choices plain words in the URL."""

from collections.abc import Callable, Sequence

import streamlit as st

REFRESH = {"off": None, "5s": 5, "15s": 15, "60s": 60}

_CARRIED = "carried-refresh"


def choose(label: str, options: Sequence[str], key: str, width: int) -> str:
    """A list to choose one from; the first is the default and leaves the URL as it is."""
    return st.selectbox(
        label, list(options), index=0, key=key, bind="query-params", label_visibility="collapsed", width=width
    )


def switch(
    label: str, options: Sequence[str], default: str, key: str, on_change: Callable[[], None] | None = None
) -> str:
    """Buttons side by side, one of them pressed."""
    return st.segmented_control(
        label,
        list(options),
        default=default,
        required=True,
        key=key,
        on_change=on_change or "rerun",
        bind="query-params",
        label_visibility="collapsed",
    )


def refresh_choice() -> int | None:
    """How often the page asks again: seconds, or None for never."""
    if _CARRIED in st.session_state:
        st.session_state["refresh"] = st.session_state.pop(_CARRIED)
    return REFRESH.get(switch("Refresh", list(REFRESH), "5s", "refresh"), 5)


def carry_refresh() -> None:
    """Takes the choice along to the page that is opened next, which would begin with the default."""
    st.session_state[_CARRIED] = st.session_state.get("refresh", "5s")
