"""What all pages share: the style around Streamlit's elements, card titles, and the bar that says the store is away."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from html import escape
from importlib import resources
from typing import Any

import streamlit as st

from pulsemon_ui.data import Answer
from pulsemon_ui.view_models.wording import duration_text


def frame() -> None:
    """The style of the page."""
    st.html(f"<style>{resources.files('pulsemon_ui').joinpath('pages', 'frame.css').read_text('utf-8')}</style>")


def card_title(text: str, note: str = "") -> None:
    """The title of a card, with a quieter line below."""
    below = f'<p class="pm-note">{escape(note)}</p>' if note else ""
    st.html(f'<h2 class="pm-title">{escape(text)}</h2>{below}')


def quiet(word: str) -> None:
    """A word before a control, left out where there is no room beside it."""
    st.html(f'<span class="pm-note pm-word">{escape(word)}</span>', width="content")


def trouble_bar(*answers: Answer[Any]) -> None:
    """One bar if any answer is an old one: how old the oldest is, and a way to ask again."""
    ages = [answer.failed_seconds for answer in answers if answer.failed_seconds is not None]
    if not ages:
        return
    known = any(answer.value is not None for answer in answers)
    text = (
        f"This is what was known {duration_text(max(ages))} ago."
        if known
        else "There is nothing to show until it answers."
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        st.warning(f"The store does not answer. {text}", icon=":material/cloud_off:", width="stretch")
        st.button("Retry", key="retry", icon=":material/refresh:")


@contextmanager
def awaited(what: str, height: int) -> Iterator[None]:
    """Keeps the place of what is asked for, the first time alone: a refresh never blanks what is there."""
    key = f"seen-{what}"
    with nullcontext() if key in st.session_state else st.skeleton(height=height):
        yield
    st.session_state[key] = True
