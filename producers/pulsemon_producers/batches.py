"""Gives drafts their place in the producer's sequence: from 0, without holes, tied to the producer before it."""

import uuid
from collections.abc import Mapping
from dataclasses import replace

from pulsemon_schemas.records import MetricBatch

from pulsemon_producers.drafts import Draft
from pulsemon_producers.state_file import ProducerState, StateFile

PRODUCER_ID_CHARACTERS = 16


def new_producer_id() -> str:
    """A name that no producer had before."""
    return uuid.uuid4().hex[:PRODUCER_ID_CHARACTERS]


class Sealer:
    """Makes the batches of one producer. Not thread-safe.

    A number is on the disk before its batch can be sent: after a crash the successor names it as previous_sequence, and
    whoever reads the log sees whether it ever came.
    """

    def __init__(
        self,
        server_id: str,
        source: str,
        state_file: StateFile,
        previous: ProducerState,
        interval_ms: int,
        producer_id: str | None = None,
    ) -> None:
        self._server_id = server_id
        self._source = source
        self._state_file = state_file
        self._previous = previous
        self._interval_ms = interval_ms
        self._state = ProducerState(producer_id or new_producer_id(), -1, previous.used)

    @property
    def producer_id(self) -> str:
        """The id of this producer."""
        return self._state.producer_id

    @property
    def server_id(self) -> str:
        """Whose batches these are."""
        return self._server_id

    @property
    def source(self) -> str:
        """What kind of producer this is."""
        return self._source

    @property
    def last(self) -> ProducerState:
        """What was numbered last: by this producer, or as long as it has not begun by the one before it."""
        return self._state if self._state.sequence >= 0 else self._previous

    def seal(self, draft: Draft, sent_at_ms: int, dropped: Mapping[str, int]) -> MetricBatch:
        """The next batch. It must be sent, and again until it is acknowledged: its number is taken."""
        used = self._state.used.adding(draft.recorded_at_ms, self._interval_ms)
        self._state = replace(self._state, sequence=self._state.sequence + 1, used=used)
        self._state_file.save(self._state)
        return MetricBatch(
            server_id=self._server_id,
            source=self._source,
            producer_id=self.producer_id,
            sequence=self._state.sequence,
            previous_producer_id=self._previous.producer_id,
            previous_sequence=self._previous.sequence,
            recorded_at_ms=draft.recorded_at_ms,
            sent_at_ms=sent_at_ms,
            names=draft.names,
            labels=draft.labels,
            values=tuple(draft.values),
            dropped=dict(dropped),
        )


def unnumbered(draft: Draft, server_id: str, source: str) -> MetricBatch:
    """A batch without a place in any sequence: its producer_id is empty."""
    return MetricBatch(
        server_id=server_id,
        source=source,
        producer_id="",
        sequence=-1,
        previous_producer_id="",
        previous_sequence=-1,
        recorded_at_ms=draft.recorded_at_ms,
        sent_at_ms=draft.recorded_at_ms,
        names=draft.names,
        labels=draft.labels,
        values=tuple(draft.values),
    )


def emptied(batch: MetricBatch, reason: str) -> MetricBatch:
    """The same place in the sequence without the samples, which are counted as dropped for ``reason``."""
    dropped = dict(batch.dropped)
    dropped[reason] = dropped.get(reason, 0) + len(batch.values)
    return replace(batch, names=(), labels=(), values=(), dropped=dropped)
