"""The components with view models in and choices out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict

import streamlit as st
from pulsemon_schemas.rules.environments import environment_of

from pulsemon_ui.components.mount import mount, unheard
from pulsemon_ui.view_models.alert_cards import AlertCard
from pulsemon_ui.view_models.attention import Attention, page_of
from pulsemon_ui.view_models.fleet import Fleet, Group
from pulsemon_ui.view_models.sentence import sentence
from pulsemon_ui.view_models.small_lines import change_text, scaled, with_newest
from pulsemon_ui.view_models.status import Status
from pulsemon_ui.view_models.strip import KeyFigure

# Told even when no server has them: people learn the colours before they need them.
LEGEND = (Status.CRITICAL, Status.WARNING, Status.SILENT, Status.OK)
NOTHING = "Nothing to show yet: no server has sent a value."


def headline(fleet: Fleet, now_ms: int, pressed: frozenset[Status], toggle: Callable[[str], None]) -> None:
    """The sentence, the age of the data, the statuses with their counts; ``toggle`` is told which was pressed."""
    counts = fleet.counts()
    chips = [
        {
            "key": status.key,
            "glyph": status.value.glyph,
            "title": status.value.title,
            "count": count,
            "pressed": status in pressed,
        }
        for status, count in counts.items()
        if count or status in pressed or status is Status.OK
    ]
    age = None if fleet.as_of_ms is None else (now_ms - fleet.as_of_ms) / 1000
    parts = [asdict(part) for part in sentence(fleet)]
    data = {"parts": parts, "chips": chips, "age_seconds": age, "as_of_ms": fleet.as_of_ms}
    mount("headline", key="headline", data=data, toggle=lambda: toggle(str(st.session_state["headline"].toggle)))


def fleet_grid(groups: Sequence[Group], colour: str) -> str | None:
    """The tiles; returns the id of the server whose tile was opened."""
    shown = {tile.status for group in groups for tile in group.tiles}
    if colour == "status":
        marks = [
            {"key": one.key, "glyph": "" if one is Status.OK else one.value.glyph, "title": one.value.title}
            for one in Status
            if one in LEGEND or one.key in shown
        ]
    else:
        marks = [
            {"key": "ramp", "glyph": "", "title": "0 to 100 % in use"},
            {"key": "silent", "glyph": "?", "title": "No data"},
            *(
                {"key": f"{one.key} heat", "glyph": "", "title": one.value.title}
                for one in (Status.CRITICAL, Status.WARNING)
                if one.key in shown
            ),
        ]
    data = {"groups": [asdict(group) for group in groups], "legend": marks}
    opened: str | None = mount("fleet_grid", key="fleet", data=data, open=unheard).open
    return opened


def attention_list(rows: Sequence[Attention], lines: Mapping[int, Sequence[float | None]]) -> str | None:
    """The rows with their small lines; returns the id of the server whose row was opened."""
    data = [_row(*one) for one in with_newest(rows, lines)]
    opened: str | None = mount(
        "attention_list", key="attention", data={"rows": data, "empty": NOTHING}, open=unheard
    ).open
    return opened


def key_figures(figures: Sequence[KeyFigure]) -> None:
    """The strip of tiles."""
    mount("key_figures", key="figures", data={"figures": [asdict(figure) for figure in figures]})


def time_brush(chart: str, area: Mapping[str, object]) -> str | None:
    """Lets a time be chosen by dragging over the chart with this key; returns it as two epoch seconds, ``100-200``."""
    chosen: str | None = mount("time_brush", key="time-brush", data={**area, "chart": chart}, chosen=unheard).chosen
    return chosen


def alert_cards(cards: Sequence[AlertCard]) -> None:
    """One card an alert."""
    mount("alert_cards", key="alert-cards", data={"cards": [asdict(card) for card in cards]})


def _row(row: Attention, line: Sequence[float | None], value: str) -> dict[str, object]:
    known = [value for value in line if value is not None]
    shares, limit = scaled(row, line)
    return {
        "key": row.key,
        "glyph": row.glyph,
        "server_id": row.server_id if environment_of(row.server_id) is None else "",
        "page": page_of(row),
        "name": row.name,
        "about": row.about,
        "value": value,
        "note": row.note,
        "age": row.age or change_text(line),
        "share": known[-1] if known else None,
        "line": shares,
        "limit": limit,
    }
