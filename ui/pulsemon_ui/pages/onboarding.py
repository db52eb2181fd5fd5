"""The Overview of an empty fleet: how the first server gets here, and a live wait for it."""

import streamlit as st

STEPS = """
##### Your first server

1. `pulsemon up` starts an agent for its own machine: the first values arrive within seconds.
2. For another server, install `pulsemon` there and give it the address and login of this Kafka.
3. Run `pulsemon run agent` there. This page shows it as soon as its first values arrive.
"""


def onboarding() -> None:
    """The steps."""
    with st.container(border=True):
        st.markdown(STEPS)
        st.markdown(":material/hourglass_empty: Waiting for the first values …")
