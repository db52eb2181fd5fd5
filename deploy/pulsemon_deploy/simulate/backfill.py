"""Writes the past of the simulated servers straight into the store: what is missing of it, and nothing twice.

Newest first. A window's batches are written after its samples, and a minute without batches is a missing minute: what
was broken off is done again by the next run, under the same tokens.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime

from pulsemon_sinks.clickhouse.connection import NativeStore
from pulsemon_sinks.clickhouse.settings import ClickHouseSettings
from pulsemon_sinks.rollups.touched import request

from pulsemon_deploy.simulate.chapter import SOURCE, Chapter
from pulsemon_deploy.simulate.coverage import MINUTE_SECONDS, Gap, Window, groups, missing, newest_first
from pulsemon_deploy.simulate.fleet import Server, fleet
from pulsemon_deploy.simulate.history_writer import HistoryWriter
from pulsemon_deploy.simulate.newest import latest, sightings
from pulsemon_deploy.simulate.settings import DAY_SECONDS, SimulatorSettings
from pulsemon_deploy.simulate.signals import Signals

log = logging.getLogger(__name__)

# Part of every token: another model writes other bytes under other tokens.
MODEL = "simulated-1"
HOUR_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class Filled:
    """What a run wrote."""

    windows: int
    batches: int
    samples: int
    seconds: float


def run(
    settings: SimulatorSettings,
    clickhouse: ClickHouseSettings,
    stop: threading.Event,
    now: Callable[[], float] = time.time,
) -> Filled:
    """Fills what is missing between ``history_days`` ago and this minute; returns early if ``stop`` is set.

    StoreUnreachableError, StoreRefusedError: what was written so far stays, and the next run goes on from there.
    """
    began = time.monotonic()
    end = int(now()) // MINUTE_SECONDS * MINUTE_SECONDS + MINUTE_SECONDS
    start = end - settings.history_days * DAY_SECONDS
    servers = fleet(settings.servers, settings.seed)
    gaps = newest_first(_gaps(clickhouse, servers, start, end))
    batches = samples = windows = 0
    with HistoryWriter(clickhouse, stop) as writer, closing(NativeStore(clickhouse)) as store:
        for gap, signals in _with_signals(settings.seed, gaps, start, end):
            if stop.is_set():
                break
            filled = _fill(
                writer, settings.seed, gap, signals,
                is_newest=gap.window.end == end,
                ask_for_rollups=lambda name, hours: request(store, clickhouse.database, name, hours),
            )  # fmt: skip
            windows, batches, samples = windows + 1, batches + filled[0], samples + filled[1]
            log.info("history of %s servers: %s, %.1f M samples", len(gap.servers), _shown(gap.window), filled[1] / 1e6)
    return Filled(windows, batches, samples, time.monotonic() - began)


def _gaps(clickhouse: ClickHouseSettings, servers: Sequence[Server], start: int, end: int) -> Iterator[Gap]:
    store = NativeStore(clickhouse)
    try:
        ids = {"ids": [server.server_id for server in servers], "source": SOURCE, "start": start}
        where = "source = %(source)s AND server_id IN %(ids)s AND recorded_at >= toDateTime(%(start)s, 'UTC')"
        table = f"{clickhouse.database}.batches"
        seen = store.rows(
            f"SELECT server_id, toUnixTimestamp(min(recorded_at)) FROM {table} WHERE {where} GROUP BY server_id", ids
        )
        for group in groups(servers, dict(seen), end):
            ids["ids"] = [server.server_id for server in group]
            minutes = store.rows(
                f"SELECT DISTINCT intDiv(toUnixTimestamp(recorded_at), 60) FROM {table} WHERE {where}", ids
            )
            for window in missing(start, end, (row[0] for row in minutes)):
                yield Gap(group, window)
    finally:
        store.close()


def _with_signals(seed: int, gaps: Sequence[Gap], start: int, end: int) -> Iterator[tuple[Gap, list[Signals]]]:
    """Each gap with the signals of its servers, which are made once for all gaps of the same servers."""
    made: dict[tuple[Server, ...], list[Signals]] = {}
    for gap in gaps:
        if gap.servers not in made:
            made[gap.servers] = [
                Signals(seed, server, start - DAY_SECONDS, end + HOUR_SECONDS) for server in gap.servers
            ]
        yield gap, made[gap.servers]


def _fill(
    writer: HistoryWriter,
    seed: int,
    gap: Gap,
    signals: Sequence[Signals],
    *,
    is_newest: bool,
    ask_for_rollups: Callable[[str, Sequence[int]], None],
) -> tuple[int, int]:
    """Stores one window; returns its batches and samples.

    Rollups are asked for when all samples are stored and before the batches, without which the window is done again.
    """
    name = f"{MODEL}:{seed}:{gap.servers[0].server_id}:{len(gap.servers)}:{gap.window.start}-{gap.window.end}"
    if is_newest:
        writer.write("latest", latest(signals, gap.window), name)
        writer.write("sightings", sightings(signals, gap.window), name)
    chapter = Chapter(seed, signals, gap.window)
    samples = 0
    for number, rows in enumerate(chapter.samples()):
        writer.write("samples", rows, f"{name}:{number}")
        samples += rows.count
    writer.wait()
    ask_for_rollups(name, range(gap.window.start // HOUR_SECONDS, (gap.window.end - 1) // HOUR_SECONDS + 1))
    batches = chapter.batches()
    writer.write("batches", batches, name)
    writer.wait()
    return batches.count, samples


def _shown(window: Window) -> str:
    start, end = (datetime.fromtimestamp(seconds, UTC) for seconds in (window.start, window.end - MINUTE_SECONDS))
    return f"{start:%a %d %b %H:%M} to {end:%H:%M} UTC"
