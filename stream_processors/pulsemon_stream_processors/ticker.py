"""When a partition gets its next Tick, and the Tick."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from pulsemon_schemas import codec
from pulsemon_schemas.runtime.own_metrics import Addressed
from pulsemon_schemas.ticks import TICK_KEY, make_tick


@dataclass(frozen=True, slots=True)
class TickOrigin:
    """What all Ticks of a worker have in common. ``producer_id`` is new at each start."""

    key: bytes = field(repr=False)
    topic_id: str
    control_topic_id: str
    producer_id: str


@dataclass(slots=True)
class _Written:
    at_seconds: float
    control_offset: int
    sequence: int


class Ticker:
    """Writes a Tick into each partition of ours every ``interval_seconds``, and at once when the control log grew.

    A Tick that is late, missing, doubled or written by a worker that lost its partition does no harm, so nothing here
    is remembered beyond the process, and nothing waits.
    """

    def __init__(self, origin: TickOrigin, interval_seconds: float, send: Callable[[Addressed], bool]) -> None:
        self._origin = origin
        self._interval_seconds = interval_seconds
        self._send = send
        self._written: dict[int, _Written] = {}

    def step(self, partitions: Iterable[int], control_offset: int, now_seconds: float, wall_ms: int) -> None:
        """Writes what is due. ``now_seconds`` is of a monotonic clock, ``wall_ms`` goes into the Tick."""
        for partition in partitions:
            last = self._written.get(partition)
            if last is not None and not self._is_due(last, control_offset, now_seconds):
                continue
            sequence = 0 if last is None else last.sequence + 1
            if self._send(self._tick(partition, control_offset, sequence, wall_ms)):
                self._written[partition] = _Written(now_seconds, control_offset, sequence)

    def _is_due(self, last: _Written, control_offset: int, now_seconds: float) -> bool:
        return now_seconds - last.at_seconds >= self._interval_seconds or control_offset > last.control_offset

    def _tick(self, partition: int, control_offset: int, sequence: int, wall_ms: int) -> Addressed:
        origin = self._origin
        tick = make_tick(
            origin.key,
            partition=partition,
            topic_id=origin.topic_id,
            control_topic_id=origin.control_topic_id,
            control_offset=control_offset,
            producer_id=origin.producer_id,
            sequence=sequence,
            now_ms=wall_ms,
        )
        return Addressed(TICK_KEY, codec.encode(tick), partition)
