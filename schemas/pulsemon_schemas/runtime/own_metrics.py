"""What a role tells about itself, in the metrics topic as everything else.

A batch is of the host that the role runs on and of a service, so it says nothing of the host's life. Each role has a
moment of its own within the interval: batches of one host then seldom have the same time, and none needs another's.
"""

import uuid
import zlib
from collections.abc import Callable, Iterable
from typing import NamedTuple

from pulsemon_schemas.batch_encoder import BatchEncoder
from pulsemon_schemas.labels import canonical
from pulsemon_schemas.records import MetricBatch

SOURCE = "service"
PRODUCER_ID_CHARACTERS = 16
MS_PER_SECOND = 1000


class Addressed(NamedTuple):
    """A framed record with its key; ``partition`` -1: where the key belongs."""

    key: bytes
    value: bytes
    partition: int = -1


class Sample(NamedTuple):
    """One value of one series; sorts as a batch needs it."""

    name: str
    labels: str
    value: float


Tell = Callable[[int, Callable[[], Iterable[Sample]]], None]
"""Takes the time now, in ms, and a function that collects what there is to tell: ``OwnMetrics.step``."""


def sample(name: str, value: float, **labels: str) -> Sample:
    """A value with its labels."""
    return Sample(name, canonical(labels), float(value))


class OwnMetrics:
    """Sends a batch every ``interval_seconds`` under the id of the host; with 0 never.

    ``send`` says whether it took the record: a sequence number is only used up by a batch that was taken. Nothing is
    sent for the interval in which the role starts, for which its predecessor may have spoken. Not thread-safe.
    """

    def __init__(
        self,
        server_id: str,
        role: str,
        interval_seconds: float,
        send: Callable[[Addressed], bool],
        producer_id: str = "",
    ) -> None:
        self._server_id = server_id
        self._producer_id = producer_id or uuid.uuid4().hex[:PRODUCER_ID_CHARACTERS]
        self._interval_ms = round(interval_seconds * MS_PER_SECOND)
        self._phase_ms = zlib.crc32(role.encode()) % self._interval_ms if self._interval_ms else 0
        self._send = send
        self._encoder = BatchEncoder()
        self._sequence = 0
        self._last_ms: int | None = None

    def step(self, wall_ms: int, collect: Callable[[], Iterable[Sample]]) -> None:
        """Sends the batch of the interval, once, if there is anything to tell; asks only then what that is."""
        if not self._interval_ms:
            return
        recorded_at_ms = (wall_ms - self._phase_ms) // self._interval_ms * self._interval_ms + self._phase_ms
        if self._last_ms is None:
            self._last_ms = recorded_at_ms
        if recorded_at_ms <= self._last_ms:
            return
        self._last_ms = recorded_at_ms
        found = sorted(collect())
        if found and self._send(self._batch(found, recorded_at_ms, wall_ms)):
            self._sequence += 1

    def _batch(self, found: list[Sample], recorded_at_ms: int, wall_ms: int) -> Addressed:
        names, labels, values = zip(*found, strict=True)
        batch = MetricBatch(
            server_id=self._server_id,
            source=SOURCE,
            producer_id=self._producer_id,
            sequence=self._sequence,
            previous_producer_id="",
            previous_sequence=-1,
            recorded_at_ms=recorded_at_ms,
            sent_at_ms=wall_ms,
            names=names,
            labels=labels,
            values=values,
        )
        return Addressed(self._server_id.encode(), self._encoder.encode(batch))
