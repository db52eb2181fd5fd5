"""All partitions of a recorded log through the engines, then the fleet, and what the live stream says beside it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pulsemon_schemas.history import LogHistory, Span
from pulsemon_schemas.state_history import StateHistory, StateSnapshot

from pulsemon_stream_processors.engine import ControlHistory, PartitionEngine, Place
from pulsemon_stream_processors.fleet import FleetEngine, FleetPlace
from pulsemon_stream_processors.replay.beginnings import Beginnings
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
    """``bodies`` of rules by id take the place of what was in force, all the time; None for the recorded ones alone.

    With ``states`` the replay of a time after the log's beginning goes on from the nearest snapshot before it.
    """

    def __init__(
        self,
        source: LogHistory,
        tick_key: bytes,
        bounds: Range | None = None,
        bodies: Mapping[str, Mapping[str, Any] | None] | None = None,
        states: StateHistory | None = None,
    ) -> None:
        self._source = source
        self._tick_key = tick_key
        self._bounds = bounds or Range()
        self._doubts: list[str] = []
        count = source.partition_count
        history = WhatIfHistory(count, bodies) if bodies else ControlHistory(count)
        self.history = fill(history, source.control())
        snapshot = StateSnapshot()
        if states is not None and self._bounds.since_ms:
            snapshot = states.before(source.topic_id, self._bounds.since_ms)
        forgotten = history.replaced_versions if isinstance(history, WhatIfHistory) else ()
        self._beginnings = Beginnings(snapshot, history, forgotten)
        self._goes_on = False

    def run(self) -> Iterator[StreamResult]:
        """One result after another: each partition as it ends, then the fleet. Raises as the source and the engines."""
        source, bounds = self._source, self._bounds
        live = LiveStreams(source.topic_id)
        place = FleetPlace(LOG_ID, source.topic_id, source.partition_count)
        fleet = self._fleet(place)
        for partition in range(source.partition_count):
            run, span = self._run(partition)
            said = live.take(source.alerts(partition), max(run.first_offset, 0), run.end_offset)
            if run.first_offset < 0:
                said.pairs.clear()
            fleet.apply(run.fleet_events)
            run.fleet_events.clear()
            reached = Span(span.first_offset, run.end_offset)
            yield StreamResult(partition, reached, run.records, run.engine.counters.samples, run.alerts, said)
        if self._goes_on and fleet.heard_ms < 0:
            self._doubts.append("the state across environments was not kept: what was open there is not known")
        said = live.fleet_between(bounds.since_ms, fleet.engine.clock_ms)
        yield StreamResult(None, Span(0, 0), 0, 0, fleet.alerts(), said)

    def doubts(self) -> tuple[str, ...]:
        """Why the result may not be exact, after ``run``."""
        return tuple(dict.fromkeys([*self._doubts, *self._source.doubts()]))

    def _run(self, partition: int) -> tuple[PartitionRun, Span]:
        source, since_ms = self._source, self._bounds.since_ms
        span = source.span(partition, self._bounds.until_ms)
        place = Place(source.topic_id, partition, source.partition_count, self._tick_key)
        known = self._beginnings.checkpoint(partition, source.topic_id)
        cover = -1 if known.partition is None else int(known.partition["cover"])
        if known.partition is not None and span.first_offset <= cover + 1 <= span.end_offset:
            run = self._beginnings.partition(place, known, since_ms)
            self._goes_on = True
            span = Span(cover + 1, span.end_offset)
        else:
            run = PartitionRun(PartitionEngine(place, self.history, span.first_offset - 1), since_ms)
            self._doubt_beginning(partition, span)
        run.apply(source.records(partition, span))
        return run, span

    def _doubt_beginning(self, partition: int, span: Span) -> None:
        if span.first_offset > 0:
            self._doubts.append(
                f"partition {partition} begins at offset {span.first_offset} without the state of that time: what was "
                "open then is not known"
            )

    def _fleet(self, place: FleetPlace) -> FleetRun:
        since_ms = self._bounds.since_ms
        found = self._beginnings.fleet(place, since_ms)
        return found if found is not None else FleetRun(FleetEngine(place, self.history), since_ms)
