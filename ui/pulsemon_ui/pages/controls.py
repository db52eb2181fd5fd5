"""The controls above charts and lists: without visible labels, their choices plain words in the URL."""

from collections.abc import Callable, Sequence

import streamlit as st

REFRESH = {"off": None, "5s": 5, "15s": 15, "60s": 60}
DEFAULT_REFRESH = "5s"


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
    """How often the page asks again: seconds, or None for never.

    Not bound to the URL by Streamlit, which keeps other hands off what it binds: the choice goes along to other pages.
    """
    word = st.query_params.get("refresh", DEFAULT_REFRESH)
    chosen = st.segmented_control(
        "Refresh",
        list(REFRESH),
        default=word if word in REFRESH else DEFAULT_REFRESH,
        required=True,
        key="refresh-choice",
        on_change=_write_refresh,
        label_visibility="collapsed",
    )
    return REFRESH[chosen]


def carried_refresh() -> dict[str, str]:
    """What the URL of another page needs to refresh as often."""
    return {"refresh": st.query_params["refresh"]} if "refresh" in st.query_params else {}


def _write_refresh() -> None:
    chosen = st.session_state["refresh-choice"]
    if chosen == DEFAULT_REFRESH:
        st.query_params.pop("refresh", None)
    else:
        st.query_params["refresh"] = chosen
