"""The newest rows of each simulated server at the end of the history, of the silent ones too."""

from collections.abc import Sequence

import numpy as np
from pulsemon_schemas.catalogue import headline_names

from pulsemon_deploy.simulate.chapter import SOURCE
from pulsemon_deploy.simulate.coverage import DAY_SECONDS, MINUTE_SECONDS, Window
from pulsemon_deploy.simulate.native_block import Column, numbers, strings, words
from pulsemon_deploy.simulate.rows import TIME_TYPE, Rows
from pulsemon_deploy.simulate.signals import Signals


def latest(signals: Sequence[Signals], window: Window) -> Rows:
    """The rows of ``latest``: each headline series at the last minute in which its server sent."""
    wanted = frozenset(headline_names())
    rows: list[tuple[str, str, str, int, float]] = []
    for one in signals:
        last_seen = last_seen_at(one, window)
        table = one.table(np.array([last_seen]))
        for name, labels, values in zip(table.names, table.labels, table.values, strict=True):
            if name in wanted:
                rows.append((name, one.server.server_id, labels, last_seen * 1000, float(values[0])))
    rows.sort()
    return Rows(
        [
            _words("name", [row[0] for row in rows]),
            _words("server_id", [row[1] for row in rows]),
            _words("labels", [row[2] for row in rows]),
            numbers("recorded_at", TIME_TYPE, np.array([row[3] for row in rows], dtype=np.int64)),
            numbers("value", "Float64", np.array([row[4] for row in rows], dtype=np.float64)),
        ],
        len(rows),
    )


def sightings(signals: Sequence[Signals], window: Window) -> Rows:
    """The rows of ``sightings``: when each server was last seen."""
    seen = sorted((one.server.server_id, last_seen_at(one, window) * 1000) for one in signals)
    return Rows(
        [
            strings("server_id", [server_id for server_id, _ in seen]),
            words("source", [SOURCE], np.zeros(len(seen), dtype=np.int64)),
            numbers("last_seen_at", TIME_TYPE, np.array([time for _, time in seen], dtype=np.int64)),
        ],
        len(seen),
    )


def last_seen_at(one: Signals, window: Window) -> int:
    """The last minute (in seconds) before the end of the window in which the server sent: within the last day."""
    times = np.arange(window.end - DAY_SECONDS, window.end, MINUTE_SECONDS, dtype=np.int64)
    return int(times[one.is_sending(times)][-1])


def _words(name: str, values: Sequence[str]) -> Column:
    keys = sorted(set(values))
    places = {key: number for number, key in enumerate(keys)}
    return words(name, keys, np.array([places[value] for value in values], dtype=np.int64))
