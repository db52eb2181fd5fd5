"""Puts our own components on a page.

Streamlit looks for packaged components in the project file of a distribution's first package, which ours is not; so
they are announced to its component manager here, with this package as their root.
"""

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.components.v2.get_bidi_component_manager import get_bidi_component_manager
from streamlit.components.v2.manifest_scanner import ComponentConfig, ComponentManifest

PROJECT = "pulsemon_ui"
VERSION = "1"
# each is served below its name; ELEMENTS is no component, but a module that their scripts share
ELEMENTS = "elements"
NAMES = ("headline", "fleet_grid", "attention_list", "alert_cards", "key_figures", "server_header", "time_brush")


def mount(name: str, *, key: str, data: Mapping[str, object], **on: Callable[[], None]) -> Any:
    """Shows the component and returns what the browser sent: an object with one attribute a name in ``on``."""
    _announce()
    callbacks = {f"on_{sent}_change": callback for sent, callback in on.items()}
    return _renderer(name)(key=key, data=dict(data), **callbacks)


def _announce() -> None:
    manager = get_bidi_component_manager()
    if manager.get_component_asset_root(f"{PROJECT}.{NAMES[0]}") is None:
        components = [ComponentConfig(name, asset_dir="assets") for name in (ELEMENTS, *NAMES)]
        manager.register_from_manifest(ComponentManifest(PROJECT, VERSION, components), Path(__file__).parent)


@cache
def _renderer(name: str) -> Callable[..., Any]:
    return st.components.v2.component(f"{PROJECT}.{name}", css=f"{name}.css", js=f"{name}.js")


def unheard() -> None:
    """For what the return value tells: without any callback, the browser's message would not reach the script."""
