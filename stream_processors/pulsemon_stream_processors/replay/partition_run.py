"""One partition through its engine, from a beginning to an end, with what it said on the way."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from pulsemon_schemas.records import LogRecord
from pulsemon_schemas.topics import ALERTS, FLEET_EVENTS

from pulsemon_stream_processors.engine import PartitionEngine
from pulsemon_stream_processors.replay.stream import AlertStream, Pair


@dataclass(slots=True)
class PartitionRun:
    """Outputs of records up to ``emitted`` were seen before the run began, and are left out.

    ``since_ms`` is the append time from which alerts are kept; ``first_offset`` is that of the first such record, -1
    before it. ``passed_over`` is how many offsets had no record.
    """

    engine: PartitionEngine
    since_ms: int = 0
    emitted: int = -1
    alerts: AlertStream = field(default_factory=AlertStream)
    fleet_events: list[bytes] = field(default_factory=list)
    records: int = 0
    passed_over: int = 0
    first_offset: int = -1

    @property
    def end_offset(self) -> int:
        """The offset after the last record applied."""
        return self.engine.cover + 1

    def apply(self, records: Iterable[LogRecord]) -> None:
        """Applies records in order.

        An offset without a record is passed over: whoever reads the log answers for it that none is missing that
        changed anything. Raises ControlBehindError if the control log is not the one that Ticks name.
        """
        engine = self.engine
        for record in records:
            if record.offset > engine.cover + 1:
                self.passed_over += record.offset - engine.cover - 1
                engine.cover = record.offset - 1
            outputs = engine.apply(record)
            self.records += 1
            if self.first_offset < 0 and record.append_time_ms >= self.since_ms and record.offset > self.emitted:
                self.first_offset = record.offset
            for output in outputs:
                if output.offset <= self.emitted or output.value is None:
                    continue
                if output.topic == ALERTS.name and self.first_offset >= 0:
                    self.alerts.pairs.append(Pair(output.key or b"", output.value))
                elif output.topic == FLEET_EVENTS.name:
                    self.fleet_events.append(output.value)
