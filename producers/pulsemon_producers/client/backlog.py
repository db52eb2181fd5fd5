"""What waits for the transport, within bounds."""

from array import array
from collections import deque
from collections.abc import Callable, Sequence
from typing import NamedTuple

from pulsemon_schemas.records import Event, MetricBatch

from pulsemon_producers.client.reading import Sample
from pulsemon_producers.pieces import pieces

SAMPLE_BYTES = 8
EVENT_BYTES = 1000
KNOWN_SERIES_SETS = 16

Series = tuple[tuple[str, ...], tuple[str, ...]]


class Draft(NamedTuple):
    """Samples of one reading, before they have a place in the producer's sequence: sorted, each series once."""

    recorded_at_ms: int
    names: tuple[str, ...]
    labels: tuple[str, ...]
    values: "array[float]"

    @property
    def size_bytes(self) -> int:
        """What it takes in memory beyond names and labels, which drafts share."""
        return len(self.values) * SAMPLE_BYTES


class Drafter:
    """Makes drafts. Those of one set of series share its names and labels, so that a long queue stays small."""

    def __init__(self) -> None:
        self._known: dict[Series, Series] = {}

    def drafts(self, recorded_at_ms: int, ordered: Sequence[Sample]) -> list[Draft]:
        """The drafts of a reading, at least one."""
        return [self._draft(recorded_at_ms, part) for part in pieces(ordered)]

    def _draft(self, recorded_at_ms: int, samples: Sequence[Sample]) -> Draft:
        series = tuple(sample.name for sample in samples), tuple(sample.labels for sample in samples)
        if series not in self._known and len(self._known) >= KNOWN_SERIES_SETS:
            self._known.pop(next(iter(self._known)))
        names, labels = self._known.setdefault(series, series)
        return Draft(recorded_at_ms, names, labels, array("d", (sample.value for sample in samples)))


class Backlog:
    """Drafts and events in their order; the oldest go when there is no more room. Not thread-safe."""

    def __init__(self, max_batches: int, max_bytes: int, drop: Callable[[int], None]) -> None:
        self._max_batches = max_batches
        self._max_bytes = max_bytes
        self._drop = drop
        self._waiting: deque[Draft | Event] = deque()
        self.size_bytes = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, item: Draft | Event) -> None:
        """Adds one; counts what has to go for it."""
        self._waiting.append(item)
        self.size_bytes += _size(item)
        while len(self._waiting) > self._max_batches or self.size_bytes > self._max_bytes:
            self._drop(values_in(self.take()))

    def take(self) -> Draft | Event:
        """The oldest. IndexError if there is none."""
        item = self._waiting.popleft()
        self.size_bytes -= _size(item)
        return item

    def take_all(self) -> int:
        """Empties it; returns how many values there were."""
        count = sum(map(values_in, self._waiting))
        self._waiting.clear()
        self.size_bytes = 0
        return count

    def oldest_ms(self) -> int | None:
        """The recorded_at of the oldest draft; None if there is none."""
        return next((item.recorded_at_ms for item in self._waiting if isinstance(item, Draft)), None)


def values_in(item: Draft | MetricBatch | Event) -> int:
    """How many are lost with it."""
    return 1 if isinstance(item, Event) else len(item.values)


def _size(item: Draft | Event) -> int:
    return item.size_bytes if isinstance(item, Draft) else EVENT_BYTES
