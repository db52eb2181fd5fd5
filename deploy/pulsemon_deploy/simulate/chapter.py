"""One window of history of one group of servers, as the rows of the tables, in the order of their keys."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from pulsemon_deploy.simulate.coverage import MINUTE_SECONDS, Window
from pulsemon_deploy.simulate.native_block import numbers, words
from pulsemon_deploy.simulate.noise import Floats, Seconds, key, uniform
from pulsemon_deploy.simulate.rows import TIME_TYPE, Rows
from pulsemon_deploy.simulate.signals import Signals, Table, intervals_seconds

HOUR_SECONDS = 3600
MINUTES = HOUR_SECONDS // MINUTE_SECONDS
SOURCE = "simulator"
# So many rows make one part of 20 MB: few parts, and little memory.
ROWS_OF_A_BLOCK = 1_000_000
# History was never in the log: it has no topic and no place there.
NO_TOPIC, NO_PLACE = "", -1
SENDING_MS = (15, 240)

Mask = NDArray[np.bool_]
T = TypeVar("T", bound=np.generic)


@dataclass(frozen=True, slots=True)
class _Series:
    """One name for all servers of the group, sorted by (server, labels): values and mask are [series, minute]."""

    name: str
    servers: list[int]
    labels: list[str]
    values: Floats
    is_there: Mask


class Chapter:
    """The samples and batches of one window. ``signals``: one for each server, which cover the window."""

    def __init__(self, seed: int, signals: Sequence[Signals], window: Window) -> None:
        self._seed = seed
        self._signals = sorted(signals, key=lambda one: one.server.server_id)
        self._ids = [one.server.server_id for one in self._signals]
        self._window = window
        first, last = window.start // HOUR_SECONDS, -(-window.end // HOUR_SECONDS)
        self._hours = last - first
        self._times = np.arange(first * HOUR_SECONDS, last * HOUR_SECONDS, MINUTE_SECONDS, dtype=np.int64)

    @cached_property
    def _sending(self) -> list[Mask]:
        within = (self._times >= self._window.start) & (self._times < self._window.end)
        return [within & one.is_sending(self._times) for one in self._signals]

    @cached_property
    def _tables(self) -> list[Table]:
        return [one.table(self._times) for one in self._signals]

    def samples(self) -> Iterator[Rows]:
        """Blocks of rows of ``samples``, each sorted by its key."""
        waiting: list[_Series] = []
        size = 0
        for one in self._by_name():
            waiting.append(one)
            size += one.values.size
            if size >= ROWS_OF_A_BLOCK:
                yield self._block(waiting)
                waiting, size = [], 0
        if waiting:
            yield self._block(waiting)

    def batches(self) -> Rows:
        """The rows of ``batches``: a producer a day and a life, sequences from 0, so that nothing looks lost."""
        lives = [(server, run) for server, sending in enumerate(self._sending) for run in _runs(sending)]
        if not lives:
            return Rows([], 0)
        sizes = [len(run) for _, run in lives]
        servers = np.repeat([server for server, _ in lives], sizes)
        recorded = self._times[np.concatenate([run for _, run in lives])] * 1000
        counts = np.concatenate([self._due_counts(server)[run] for server, run in lives])
        delays = self._delays_ms(recorded, servers)
        count = len(recorded)
        same = np.zeros(count, dtype=np.int64)
        return Rows(
            [
                words("server_id", self._ids, servers),
                words(
                    "producer_id", [self._producer_id(*life) for life in lives], np.repeat(np.arange(len(lives)), sizes)
                ),
                numbers("sequence", "Int64", np.concatenate([np.arange(size, dtype=np.int64) for size in sizes])),
                words("source", [SOURCE], same),
                words("previous_producer_id", [""], same),
                numbers("previous_sequence", "Int64", same - 1),
                words("topic_id", [NO_TOPIC], same),
                numbers("partition", "Int32", np.full(count, NO_PLACE, dtype=np.int32)),
                numbers("offset", "Int64", np.full(count, NO_PLACE, dtype=np.int64)),
                numbers("precedence", "Int64", -(recorded + delays)),
                numbers("recorded_at", TIME_TYPE, recorded),
                numbers("delay_ms", "Int64", delays),
                numbers("samples", "UInt32", counts.astype(np.uint32)),
                numbers("non_finite", "UInt32", same.astype(np.uint32)),
            ],
            count,
        )

    def _by_name(self) -> Iterator[_Series]:
        rows: dict[str, list[tuple[int, str, Floats]]] = {}
        for server, table in enumerate(self._tables):
            for name, labels, values in zip(table.names, table.labels, table.values, strict=True):
                rows.setdefault(name, []).append((server, labels, values))
        for name in sorted(rows):
            servers = [server for server, _, _ in rows[name]]
            due = self._times % int(intervals_seconds((name,))[0]) == 0
            yield _Series(
                name,
                servers,
                [labels for _, labels, _ in rows[name]],
                np.stack([values for _, _, values in rows[name]]),
                np.stack([self._sending[server] for server in servers]) & due,
            )

    def _block(self, waiting: Sequence[_Series]) -> Rows:
        labels = sorted({label for one in waiting for label in one.labels})
        place = {label: number for number, label in enumerate(labels)}
        parts = [
            self._columns(number, one, [place[label] for label in one.labels]) for number, one in enumerate(waiting)
        ]
        names, servers, label_places, recorded, values = (np.concatenate(column) for column in zip(*parts, strict=True))
        return Rows(
            [
                words("server_id", self._ids, servers),
                words("name", [one.name for one in waiting], names),
                words("labels", labels, label_places),
                numbers("recorded_at", TIME_TYPE, recorded),
                numbers("value", "Float64", values),
            ],
            len(values),
        )

    def _columns(self, number: int, one: _Series, labels: Sequence[int]) -> tuple[NDArray[np.generic], ...]:
        """Name, server, labels (as places in their lists), time in ms and value of what is there of one name."""
        kept = self._by_hour(one.is_there)
        shape = one.values.shape
        return (
            np.full(int(kept.sum()), number),
            self._by_hour(np.broadcast_to(np.array(one.servers)[:, None], shape))[kept],
            self._by_hour(np.broadcast_to(np.array(labels)[:, None], shape))[kept],
            self._by_hour(np.broadcast_to(self._times * 1000, shape))[kept],
            self._by_hour(one.values)[kept],
        )

    def _by_hour(self, values: NDArray[T]) -> NDArray[T]:
        """[series, minute] in the order of the key: hour, series, minute of the hour; flat."""
        return values.reshape(len(values), self._hours, MINUTES).transpose(1, 0, 2).ravel()

    def _producer_id(self, server: int, minutes: Seconds) -> str:
        return f"{key(self._seed, 'history', self._ids[server], int(self._times[minutes[0]])):016x}"

    def _delays_ms(self, recorded_ms: Seconds, servers: Seconds) -> Seconds:
        low, high = SENDING_MS
        chance = uniform(key(self._seed, "delay"), recorded_ms + servers)
        return np.floor(low + (high - low) * chance).astype(np.int64)

    def _due_counts(self, server: int) -> NDArray[np.int64]:
        """How many samples a batch has at each minute."""
        distinct, counts = np.unique(intervals_seconds(self._tables[server].names), return_counts=True)
        due: NDArray[np.int64] = ((self._times[:, None] % distinct == 0) * counts).sum(axis=1)
        return due


def _runs(sending: Mask) -> list[Seconds]:
    """The stretches of consecutive minutes in which a server sends, as places in the window."""
    minutes = np.flatnonzero(sending)
    breaks = np.flatnonzero(np.diff(minutes) > 1) + 1
    return [run for run in np.split(minutes, breaks) if len(run)]
