"""Batches of the simulator's servers, as ``pulsemon simulate`` would send them in some past hours."""

from collections.abc import Iterator

import numpy as np
from pulsemon_schemas.records import MetricBatch

from pulsemon_deploy.simulate.fleet import Server, fleet
from pulsemon_deploy.simulate.signals import Signals, intervals_seconds

SEED = 1
INTERVAL_SECONDS = 10


def batches(servers: int, start: int, end: int) -> Iterator[MetricBatch]:
    """Server by server, each tick by tick, between two times in seconds."""
    for server in fleet(servers, SEED):
        yield from _of(server, start, end)


def labelled_share(servers: int, start: int) -> float:
    """Which part of a tick's samples has labels."""
    found = [one for server in fleet(servers, SEED) for one in _of(server, start, start + INTERVAL_SECONDS)]
    labels = [label for one in found for label in one.labels]
    return sum(1 for label in labels if label) / len(labels)


def _of(server: Server, start: int, end: int) -> Iterator[MetricBatch]:
    signals = Signals(SEED, server, start, end)
    times = np.arange(start, end, INTERVAL_SECONDS, dtype=np.int64)
    table = signals.table(times)
    intervals, sending = intervals_seconds(table.names), signals.is_sending(times)
    sequence = 0
    for number, at in enumerate(times.tolist()):
        if not sending[number]:
            continue
        values = table.values[:, number]
        due = np.flatnonzero((at % intervals == 0) & np.isfinite(values)).tolist()
        yield MetricBatch(
            server_id=server.server_id,
            source="simulator",
            producer_id=f"bench-{server.server_id}",
            sequence=sequence,
            previous_producer_id="",
            previous_sequence=-1,
            recorded_at_ms=at * 1000,
            sent_at_ms=at * 1000 + 3,
            names=tuple(table.names[one] for one in due),
            labels=tuple(table.labels[one] for one in due),
            values=tuple(values[due].tolist()),
            dropped={},
        )
        sequence += 1
