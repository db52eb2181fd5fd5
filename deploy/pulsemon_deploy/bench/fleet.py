"""A fleet of hosts for benchmarks: 80 series a tick, 38 of them labelled, values that move as real ones do."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field

from pulsemon_schemas import codec
from pulsemon_schemas.catalogue import headline_names
from pulsemon_schemas.records import MetricBatch

SERIES = 80
LABELLED = 38
INTERVAL_MS = 10_000


@dataclass(frozen=True, slots=True)
class Message:
    """An encoded batch with its key."""

    key: bytes
    value: bytes


def series() -> list[tuple[str, str]]:
    """The 80 (name, labels) of a host, sorted as the contract asks; the headline metrics are among them."""
    labelled = [(f"system.device.metric_{number:02d}", f"device=sd{letter}") for number in range(19) for letter in "ab"]
    headline = [(name, "") for name in sorted(headline_names())[: SERIES - LABELLED]]
    plain = [(f"system.plain.metric_{number:02d}", "") for number in range(SERIES - LABELLED - len(headline))]
    return sorted([*labelled, *headline, *plain])


@dataclass
class Fleet:
    """``host_count`` hosts whose ticks begin at ``start_ms``; the same seed makes the same values."""

    host_count: int
    start_ms: int
    seed: int = 1
    tick: int = 0
    _values: list[list[float]] = field(init=False)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        self._names, self._labels = zip(*series(), strict=True)
        self._values = [[self._random.random() * 100 for _ in range(SERIES)] for _ in range(self.host_count)]

    def batches(self, count: int) -> Iterator[MetricBatch]:
        """The next ``count`` batches, tick by tick; a multiple of the hosts, or the next call begins a new tick."""
        while count > 0:
            at_ms = self.start_ms + self.tick * INTERVAL_MS
            for host in range(min(count, self.host_count)):
                yield self._batch(host, at_ms)
            count -= self.host_count
            self.tick += 1

    def messages(self, count: int) -> list[Message]:
        """The next ``count`` batches, encoded."""
        return [Message(one.server_id.encode(), codec.encode(one)) for one in self.batches(count)]

    def _batch(self, host: int, at_ms: int) -> MetricBatch:
        return MetricBatch(
            server_id=f"host-{host:05d}.example.net",
            source="simulator",
            producer_id=f"bench-{self.seed}-{host:05d}",
            sequence=self.tick,
            previous_producer_id="",
            previous_sequence=-1,
            recorded_at_ms=at_ms,
            sent_at_ms=at_ms + 3,
            names=self._names,
            labels=self._labels,
            values=self._moved(host),
            dropped={},
        )

    def _moved(self, host: int) -> tuple[float, ...]:
        """A third are gauges that jump, a third counters that grow, a third stay."""
        values = self._values[host]
        for index in range(0, SERIES, 3):
            values[index] = round(self._random.random(), 4)
        for index in range(1, SERIES, 3):
            values[index] += self._random.randrange(1000)
        return tuple(values)
