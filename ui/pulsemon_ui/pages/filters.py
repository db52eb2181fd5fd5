"""The row of filters above the fleet; every choice is a plain word in the URL."""

from collections.abc import Mapping
from dataclasses import dataclass

import streamlit as st

from pulsemon_ui.pages.controls import choose, refresh_choice
from pulsemon_ui.view_models.fleet import Fleet
from pulsemon_ui.view_models.status import Status

_PLACES = (
    ("Environment", "env", "environment", "All environments"),
    ("Region", "region", "region", "All regions"),
    ("Role", "role", "role", "All roles"),
)

_CLEAR = "clear-filters"


@dataclass(frozen=True, slots=True)
class Filters:
    """``places``: grouping to value for each filter that is set. ``refresh_seconds``: None for never."""

    places: Mapping[str, str]
    refresh_seconds: int | None


def filter_bar(fleet: Fleet | None) -> Filters:
    """Shows the row and returns what is chosen."""
    places: dict[str, str] = {}
    _clear_if_asked()
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="filters"):
        for title, key, grouping, everything in _PLACES:
            choices = [everything, *(fleet.places(grouping) if fleet else ())]
            chosen = choose(title, choices, key, width=180)
            if chosen != everything:
                places[grouping] = chosen
        st.space("stretch")
        return Filters(places, refresh_choice())


def pressed_statuses() -> frozenset[Status]:
    """The statuses that the URL filters by; none means all."""
    words = st.query_params.get("status", "").split(",")
    return frozenset(status for status in Status if status.key in words)


def toggle_status(key: str) -> None:
    """Adds a status to the URL's filter, or takes it out."""
    words = {status.key for status in pressed_statuses()} ^ {key}
    if words:
        st.query_params["status"] = ",".join(sorted(words))
    else:
        st.query_params.pop("status", None)


def clear_filters() -> None:
    """Shows every server from the next run on: the filters stand outside the part of the page that asks for it."""
    st.query_params.pop("status", None)
    st.session_state[_CLEAR] = True


def _clear_if_asked() -> None:
    """A control takes a value given to it only before it is shown."""
    if st.session_state.pop(_CLEAR, False):
        for _, key, _, everything in _PLACES:
            st.session_state[key] = everything
