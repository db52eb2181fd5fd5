"""What all partitions said of their servers, through the engine across servers."""

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from pulsemon_schemas import codec
from pulsemon_schemas.records import AlertEvent, LogRecord
from pulsemon_schemas.topics import ALERTS, FLEET_EVENTS

from pulsemon_stream_processors.engine import Output
from pulsemon_stream_processors.fleet import FleetEngine
from pulsemon_stream_processors.replay.stream import AlertStream, Pair


@dataclass(slots=True)
class FleetRun:
    """Events may be given partition by partition: how they lay among one another changes nothing.

    Those up to ``heard_ms`` are known to the engine already.
    """

    engine: FleetEngine
    since_ms: int = 0
    heard_ms: int = -1
    _alerts: dict[int, list[Pair]] = field(default_factory=lambda: defaultdict(list))
    _offset: int = 0

    def apply(self, events: Iterable[bytes]) -> None:
        """Applies the events of one partition, in its order."""
        for value in events:
            if self.heard_ms >= 0 and json.loads(value)["time_ms"] <= self.heard_ms:
                continue
            self._take(self.engine.apply(LogRecord(FLEET_EVENTS.name, 0, self._offset, 0, b"", value)))
            self._offset += 1

    def alerts(self) -> AlertStream:
        """What was said of environments, by the partitions in which it is written."""
        return AlertStream([pair for partition in sorted(self._alerts) for pair in self._alerts[partition]])

    def _take(self, outputs: Iterable[Output]) -> None:
        for output in outputs:
            if output.topic != ALERTS.name or output.value is None or output.partition is None:
                continue
            event = codec.decode(output.value)
            if isinstance(event, AlertEvent) and event.occurred_at_ms >= self.since_ms:
                self._alerts[output.partition].append(Pair(output.key or b"", output.value))
