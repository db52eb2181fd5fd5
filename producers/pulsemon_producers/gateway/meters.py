"""What a gateway counts of itself, as Prometheus reads it; every name once."""

import functools
import time
from collections.abc import Callable, Mapping, Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from pulsemon_schemas.runtime.own_metrics import Sample, sample
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pulsemon_producers.gateway.ingest import Writer
from pulsemon_producers.gateway.outgoing import Outgoing

MEDIA_TYPE = CONTENT_TYPE_LATEST
START = "http.response.start"
COUNTED: Mapping[str, str] = {
    "batches": "batches",
    "samples": "samples",
    "unconfirmed_batches": "unconfirmed",
}
"""Prometheus' name of a counter to that of the catalogue."""
LOG_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Meters:
    """The counters of one gateway. Nothing is registered for the whole process, so that several may live in one."""

    def __init__(self, held_bytes: Callable[[], int]) -> None:
        self._registry = CollectorRegistry()
        self.answers = Counter("pulsemon_gateway_answers", "Answers by status.", ["status"], registry=self._registry)
        self.batches = Counter(
            "pulsemon_gateway_batches", "Batches that the log has confirmed.", registry=self._registry
        )
        self.samples = Counter("pulsemon_gateway_samples", "Samples in them.", registry=self._registry)
        self.unconfirmed = Counter(
            "pulsemon_gateway_unconfirmed_batches", "Batches that the log has not confirmed.", registry=self._registry
        )
        self.log_seconds = Histogram(
            "pulsemon_gateway_log_seconds", "Until the log confirms.", buckets=LOG_BUCKETS, registry=self._registry
        )
        held = Gauge("pulsemon_gateway_held_bytes", "Bodies in work.", registry=self._registry)
        held.set_function(held_bytes)
        self._held_bytes = held_bytes
        self._slowest_seconds = 0.0

    def text(self) -> bytes:
        """All of them, as Prometheus reads it."""
        return generate_latest(self._registry)

    def log_confirmed(self, seconds: float) -> None:
        """The log took so long for what a request brought."""
        self.log_seconds.observe(seconds)
        self._slowest_seconds = max(self._slowest_seconds, seconds)

    def samples_of_own(self) -> list[Sample]:
        """The same as the pipeline's own metrics; the longest time is that since the last call."""
        slowest, self._slowest_seconds = self._slowest_seconds, 0.0
        counts = {name: self._registry.get_sample_value(f"pulsemon_gateway_{name}_total") or 0.0 for name in COUNTED}
        return [
            *(sample("pulsemon.gateway.answers", count, status=status) for status, count in self._answered().items()),
            *(sample(f"pulsemon.gateway.{COUNTED[name]}", count) for name, count in counts.items()),
            sample("pulsemon.gateway.log.duration", slowest),
            sample("pulsemon.gateway.held.bytes", self._held_bytes()),
        ]

    def _answered(self) -> dict[str, float]:
        """Counts by 2xx, 4xx and so on."""
        found: dict[str, float] = {}
        for metric in self.answers.collect():
            for one in metric.samples:
                if one.name.endswith("_total"):
                    status = f"{one.labels['status'][0]}xx"
                    found[status] = found.get(status, 0.0) + one.value
        return found


class MeteredWriter:
    """A writer that counts what the log confirms, and how long it takes."""

    def __init__(self, writer: Writer, meters: Meters) -> None:
        self._writer = writer
        self._meters = meters

    async def write(self, records: Sequence[Outgoing]) -> Mapping[int, str]:
        """As ``Writer.write``."""
        began = time.perf_counter()
        failures = await self._writer.write(records)
        meters = self._meters
        meters.log_confirmed(time.perf_counter() - began)
        meters.unconfirmed.inc(len(failures))
        meters.batches.inc(len(records) - len(failures))
        meters.samples.inc(sum(one.samples for index, one in enumerate(records) if index not in failures))
        return failures


class CountedAnswers:
    """An application whose answers are counted by their status."""

    def __init__(self, app: ASGIApp, meters: Meters) -> None:
        self._app = app
        self._of_status = functools.cache(meters.answers.labels)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""

        async def counted(message: Message) -> None:
            if message["type"] == START:
                self._of_status(message["status"]).inc()
            await send(message)

        await self._app(scope, receive, counted)
