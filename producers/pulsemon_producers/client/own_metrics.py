"""What the library tells about itself: names and units stand in the catalogue."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from pulsemon_producers.client.labelling import Labelling
from pulsemon_producers.client.reading import Labels, Reading, Sample

PREFIX = "pulsemon.client."


class Progress:
    """How sending goes, since the client began. ``latency_seconds`` is None before the first delivery."""

    __slots__ = ("cpu_seconds", "delivered", "latency_seconds")

    def __init__(self) -> None:
        self.delivered = 0
        self.latency_seconds: float | None = None
        self.cpu_seconds = 0.0


class Fill(NamedTuple):
    """What the client holds now."""

    series: int
    buffer_bytes: int
    oldest_age_seconds: float


def own_samples(labelling: Labelling, progress: Progress, fill: Fill, dropped: Mapping[str, int]) -> Iterator[Sample]:
    """One sample of each metric; of drops one for each reason."""

    def sample(name: str, value: float, labels: Labels = ()) -> Sample:
        return labelling.sample(f"{PREFIX}{name}", labels, Reading("", (), float(value)))

    yield sample("delivered", progress.delivered)
    for reason, count in dropped.items():
        yield sample("dropped", count, (("reason", reason),))
    yield sample("series", fill.series)
    yield sample("buffer.bytes", fill.buffer_bytes)
    yield sample("buffer.oldest_age", fill.oldest_age_seconds)
    yield sample("cpu.time", progress.cpu_seconds)
    if progress.latency_seconds is not None:
        yield sample("delivery.latency", progress.latency_seconds)
