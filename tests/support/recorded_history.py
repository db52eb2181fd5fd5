"""A log in memory as a replay reads one, with a live stream that the engines themselves made."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from pulsemon_schemas.history import Span
from pulsemon_schemas.records import ControlRecord, LogRecord
from pulsemon_schemas.topics import ALERTS
from support.recorded_log import Recording
from support.recorded_replay import Replayed


@dataclass
class RecordedHistory:
    """See ``LogHistory``. ``said`` are keys and values of alert events by the partition that they lie in."""

    topic_id: str
    control_log: Sequence[ControlRecord]
    logs: Sequence[Sequence[LogRecord]]
    said: list[list[tuple[bytes, bytes]]] = field(default_factory=list)
    origin: str = "memory"
    doubted: Sequence[str] = ()

    @property
    def partition_count(self) -> int:
        return len(self.logs)

    def control(self) -> Iterator[tuple[int, ControlRecord | None]]:
        return iter(list(enumerate(self.control_log)))

    def span(self, partition: int, until_ms: int | None) -> Span:
        log = self.logs[partition]
        first = log[0].offset if log else 0
        if until_ms is None:
            return Span(first, log[-1].offset + 1 if log else 0)
        return Span(first, next((one.offset for one in log if one.append_time_ms >= until_ms), log[-1].offset + 1))

    def records(self, partition: int, span: Span) -> Iterator[LogRecord]:
        return (one for one in self.logs[partition] if span.first_offset <= one.offset < span.end_offset)

    def alerts(self, partition: int) -> Iterator[tuple[bytes, bytes]]:
        return iter(self.said[partition])

    def doubts(self) -> Sequence[str]:
        return self.doubted


def history_of(recording: Recording, logs: Sequence[Sequence[LogRecord]], run: Replayed) -> RecordedHistory:
    """The recording with what a replay of it said as the live stream."""
    said: list[list[tuple[bytes, bytes]]] = [[] for _ in logs]
    for output in (*run.outputs, *run.fleet_outputs):
        if output.topic == ALERTS.name:
            assert output.partition is not None
            said[output.partition].append((output.key or b"", output.value or b""))
    return RecordedHistory(recording.plan.topic_id, recording.control, logs, said)
