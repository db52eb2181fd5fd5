"""Collectors and transports that do what a test tells them."""

import threading
from collections.abc import Iterable, Sequence

from pulsemon_producers.collectors.base import Collector, Point, Tick, gauge
from pulsemon_producers.collectors.host import Host
from pulsemon_schemas.errors import ContractError
from pulsemon_schemas.records import MetricBatch


class Steady(Collector):
    """Yields one value at each tick."""

    name = "steady"

    def collect(self, tick: Tick) -> Iterable[Point]:
        return [gauge("system.cpu.busy", 0.5)]


class Hanging(Collector):
    """Hangs until it is let go."""

    name = "hanging"
    deadline_seconds = 0.05

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self.entered = threading.Event()
        self.release = threading.Event()
        self.calls = 0
        self.is_closed = False

    def collect(self, tick: Tick) -> Iterable[Point]:
        self.calls += 1
        self.entered.set()
        self.release.wait(60)
        return [gauge("system.uptime", self.calls)]

    def close(self) -> None:
        self.is_closed = True


class Slow(Hanging):
    """Slower than a tick waits, yet within its deadline."""

    name = "slow"
    deadline_seconds = 60.0


class Raising(Collector):
    """Yields a point and then fails, until ``is_broken`` is taken back."""

    name = "raising"
    is_broken = True

    def collect(self, tick: Tick) -> Iterable[Point]:
        yield gauge("system.uptime", 1)
        if self.is_broken:
            raise OSError("no such sensor")


class Log:
    """A transport that keeps what it is given; it can be away, or refuse some batches for ever."""

    def __init__(self) -> None:
        self.batches: list[MetricBatch] = []
        self.offered: list[MetricBatch] = []
        self.is_away = False
        self.clock_skew_seconds: float | None = None
        self.refuses_sequence = -1
        self.is_interrupted = threading.Event()

    def publish(self, batch: MetricBatch) -> bool:
        self.offered.append(batch)
        if batch.sequence == self.refuses_sequence and batch.values:
            raise ContractError("too_large", "more than the topic takes")
        if self.is_away:
            return False
        self.batches.append(batch)
        return True

    def interrupt(self) -> None:
        self.is_interrupted.set()

    def close(self) -> None:
        self.is_interrupted.set()


class GroupLog(Log):
    """Takes several at once, at most ``limit``; ``groups`` has the sequences of each call."""

    def __init__(self, limit: int = 100) -> None:
        super().__init__()
        self.limit = limit
        self.groups: list[list[int]] = []

    def publish_many(self, batches: Sequence[MetricBatch]) -> list[bool | ContractError]:
        tried = batches[: self.limit]
        self.groups.append([batch.sequence for batch in tried])
        outcomes: list[bool | ContractError] = []
        for batch in tried:
            try:
                outcomes.append(self.publish(batch))
            except ContractError as refusal:
                outcomes.append(refusal)
            if outcomes[-1] is False:
                break
        return outcomes
