"""The head of the Server page: name, status, where it belongs, when it was last seen."""

import streamlit as st

from pulsemon_ui.components.mount import mount, unheard
from pulsemon_ui.view_models.fleet import Host, status_text


def server_header(host: Host, now_ms: int) -> bool:
    """Shows it, ticking in the browser; returns whether the browser is as narrow as a phone."""
    is_narrow = bool(st.session_state.get("server-header", {}).get("narrow", False))
    server = host.server
    tags = [server.environment, server.region, server.role, *(f"{key} {value}" for key, value in server.labels.items())]
    data = {
        "name": server.name,
        "status": host.verdict.status.key,
        "glyph": host.verdict.status.value.glyph,
        "words": status_text(host.verdict),
        "tags": [tag for tag in tags if tag],
        "narrow": is_narrow,
        "age_seconds": None if server.last_seen_ms is None else (now_ms - server.last_seen_ms) / 1000,
    }
    return bool(mount("server_header", key="server-header", data=data, narrow=unheard).narrow)
