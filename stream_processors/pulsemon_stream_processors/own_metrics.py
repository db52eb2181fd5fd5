"""What a worker tells about itself, in the metrics topic as everything else: by partition, which has one owner."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from pulsemon_schemas import codec
from pulsemon_schemas.labels import canonical
from pulsemon_schemas.records import MetricBatch

from pulsemon_stream_processors.progress import PartitionProgress, Progress
from pulsemon_stream_processors.publisher import Addressed

SOURCE = "service"
PREFIX = "pulsemon.processor"


class Sample(NamedTuple):
    """One value of one series; sorts as a batch needs it."""

    name: str
    labels: str
    value: float


def samples(progress: Progress, idle_seconds: float, wall_ms: int) -> list[Sample]:
    """All series, sorted. The longest times are since the last call.

    Where nothing came for ``idle_seconds``, which Ticks should have prevented, the lag grows with the clock.
    """
    found = [
        Sample(f"{PREFIX}.{name}", canonical({"partition": str(partition)}), value)
        for partition, one in list(progress.partitions.items())
        for name, value in _values(one, idle_seconds, wall_ms)
    ]
    return sorted(found)


def _values(one: PartitionProgress, idle_seconds: float, wall_ms: int) -> Iterator[tuple[str, float]]:
    transaction_seconds, slice_seconds = one.take_longest()
    since_append_seconds = (wall_ms - one.append_time_ms) / 1000
    is_idle = one.append_time_ms >= 0 and since_append_seconds > idle_seconds
    yield "lag", since_append_seconds if is_idle else one.lag_seconds
    yield "records", float(one.applied)
    yield "outputs", float(one.outputs)
    yield "dead_letters", float(one.dead_letters)
    yield "transactions", float(one.transactions)
    yield "transaction.duration", transaction_seconds
    yield "restores", float(one.restores)
    yield "restore.duration", one.restore_seconds
    yield "snapshots", float(one.snapshots)
    yield "rounds", float(one.rounds)
    yield "round.duration", one.round_seconds
    yield "round.slice.duration", slice_seconds


class OwnMetrics:
    """Sends a batch every ``interval_seconds`` under the id of the host; a service's, so it says nothing of its life.

    A sequence number is only used up by a batch that was taken.
    """

    def __init__(
        self, server_id: str, producer_id: str, interval_seconds: float, send: Callable[[Addressed], bool]
    ) -> None:
        self._server_id = server_id
        self._producer_id = producer_id
        self._interval_ms = round(interval_seconds * 1000)
        self._send = send
        self._sequence = 0
        self._last_ms = 0

    def step(self, progress: Progress, idle_seconds: float, wall_ms: int) -> None:
        """Sends the batch of the interval, once, if any partition is ours."""
        recorded_at_ms = wall_ms // self._interval_ms * self._interval_ms
        if recorded_at_ms <= self._last_ms:
            return
        self._last_ms = recorded_at_ms
        found = samples(progress, idle_seconds, wall_ms)
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
        return Addressed(self._server_id.encode(), codec.BatchEncoder().encode(batch))
