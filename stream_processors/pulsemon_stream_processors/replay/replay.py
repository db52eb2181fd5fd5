"""All partitions of a recorded log through the engines, then the fleet, and what the live stream says beside it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pulsemon_schemas.history import LogHistory, Span

from pulsemon_stream_processors.engine import ControlHistory, PartitionEngine, Place
from pulsemon_stream_processors.fleet import FleetEngine, FleetPlace
from pulsemon_stream_processors.replay.fleet_run import FleetRun
from pulsemon_stream_processors.replay.partition_run import PartitionRun
from pulsemon_stream_processors.replay.stream import AlertStream, Comparison, LiveStreams, compare
from pulsemon_stream_processors.replay.what_if import WhatIfHistory, fill

LOG_ID = "replay"
"""The topic of events across servers is none of Kafka's here; no alert names it."""


@dataclass(frozen=True, slots=True)
class Range:
    """Append times in ms: alerts are told of records from ``since_ms`` up to ``until_ms``, None for all there is."""

    since_ms: int = 0
    until_ms: int | None = None


@dataclass(frozen=True, slots=True)
class StreamResult:
    """One partition, or the fleet with ``partition`` None. ``live`` is what was said then, with other rules too."""

    partition: int | None
    span: Span
    records: int
    samples: int
    replayed: AlertStream
    live: AlertStream

    @property
    def comparison(self) -> Comparison:
        """Whether both are the same."""
        return compare(self.replayed, self.live)


class Replay:
    """``bodies`` of rules by id take the place of what was in force, all the time; None for the recorded ones alone."""

    def __init__(
        self,
        source: LogHistory,
        tick_key: bytes,
        bounds: Range | None = None,
        bodies: Mapping[str, Mapping[str, Any] | None] | None = None,
    ) -> None:
        self._source = source
        self._tick_key = tick_key
        self._bounds = bounds or Range()
        self._doubts: list[str] = []
        count = source.partition_count
        history = WhatIfHistory(count, bodies) if bodies else ControlHistory(count)
        self.history = fill(history, source.control())

    def run(self) -> Iterator[StreamResult]:
        """One result after another: each partition as it ends, then the fleet. Raises as the source and the engines."""
        source, bounds = self._source, self._bounds
        live = LiveStreams(source.topic_id)
        place = FleetPlace(LOG_ID, source.topic_id, source.partition_count)
        fleet = FleetRun(FleetEngine(place, self.history), bounds.since_ms)
        for partition in range(source.partition_count):
            run, span = self._run(partition)
            said = live.take(source.alerts(partition), max(run.first_offset, 0), run.end_offset)
            if run.first_offset < 0:
                said.pairs.clear()
            fleet.apply(run.fleet_events)
            run.fleet_events.clear()
            reached = Span(span.first_offset, run.end_offset)
            yield StreamResult(partition, reached, run.records, run.engine.counters.samples, run.alerts, said)
        said = live.fleet_between(bounds.since_ms, fleet.engine.clock_ms)
        yield StreamResult(None, Span(0, 0), 0, 0, fleet.alerts(), said)

    def doubts(self) -> tuple[str, ...]:
        """Why the result may not be exact, after ``run``."""
        return tuple(dict.fromkeys([*self._doubts, *self._source.doubts()]))

    def _run(self, partition: int) -> tuple[PartitionRun, Span]:
        source = self._source
        span = source.span(partition, self._bounds.until_ms)
        place = Place(source.topic_id, partition, source.partition_count, self._tick_key)
        engine = PartitionEngine(place, self.history, span.first_offset - 1)
        if span.first_offset > 0:
            self._doubts.append(
                f"partition {partition} begins at offset {span.first_offset}: what was open before is not known there"
            )
        run = PartitionRun(engine, self._bounds.since_ms)
        run.apply(source.records(partition, span))
        return run, span
