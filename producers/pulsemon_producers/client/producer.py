"""Who sends: one producer, with its place among the service's processes and its numbers."""

import os
from collections.abc import Mapping

from pulsemon_schemas.records import MetricBatch

from pulsemon_producers.client.backlog import Draft
from pulsemon_producers.client.slot import Past, Slot

SOURCE = "service"
PRODUCER_ID_BYTES = 8


class Producer:
    """Numbers the batches of one process: from 0, without holes, tied to the producer that had the slot before."""

    def __init__(self, server_id: str, slot: Slot) -> None:
        self.producer_id = os.urandom(PRODUCER_ID_BYTES).hex()
        self._server_id = server_id
        self._slot = slot
        self._sequence = -1

    def seal(self, draft: Draft, sent_at_ms: int, dropped: Mapping[str, int], steps: int) -> MetricBatch:
        """The next batch. It must be sent, and again until it is acknowledged: its number is taken."""
        self._sequence += 1
        past = self._slot.past
        newest_ms = max(draft.recorded_at_ms, past.recorded_at_ms)
        self._slot.remember(Past(self.producer_id, self._sequence, newest_ms, steps))
        return MetricBatch(
            server_id=self._server_id,
            source=SOURCE,
            producer_id=self.producer_id,
            sequence=self._sequence,
            previous_producer_id=past.producer_id,
            previous_sequence=past.sequence,
            recorded_at_ms=draft.recorded_at_ms,
            sent_at_ms=sent_at_ms,
            names=draft.names,
            labels=draft.labels,
            values=tuple(draft.values),
            dropped=dict(dropped),
        )
