"""The events of one partition: those that wait for the other partitions, and what the ones applied said."""

from collections import deque
from collections.abc import Mapping
from typing import Any

from pulsemon_stream_processors.fleet.fleet_event import FleetEvent

NEVER = -1


class Feed:
    """``time_ms`` is the newest time heard of, ``cover`` the last event applied, by its offset in the topic of events.

    ``control_offset`` is what was in force in the partition at that event, ``statuses`` are its servers'.
    """

    __slots__ = ("control_offset", "cover", "statuses", "time_ms", "waiting")

    def __init__(self) -> None:
        self.time_ms = NEVER
        self.cover = NEVER
        self.control_offset = NEVER
        self.statuses: dict[str, str] = {}
        self.waiting: deque[FleetEvent] = deque()

    def take(self, event: FleetEvent) -> None:
        """Takes the next event of the partition. One that was applied before only says how far its time is."""
        self.time_ms = max(self.time_ms, event.time_ms)
        if event.log_offset > self.cover:
            self.waiting.append(event._replace(time_ms=self.time_ms))

    def next_ms(self) -> int | None:
        """When the first event happened that waits."""
        return self.waiting[0].time_ms if self.waiting else None

    def pop(self, time_ms: int) -> FleetEvent | None:
        """The next event that happened at this time, which is to be applied now; None if there is none."""
        if not self.waiting or self.waiting[0].time_ms != time_ms:
            return None
        event = self.waiting.popleft()
        self.cover = event.log_offset
        return event

    def state(self) -> dict[str, Any]:
        """What was applied; those that wait are read again."""
        return {"cover": self.cover, "control_offset": self.control_offset, "statuses": self.statuses}

    def restore(self, state: Mapping[str, Any], *, is_same_log: bool) -> None:
        """Takes over a state. In another log of events nothing was applied yet."""
        self.cover = state["cover"] if is_same_log else NEVER
        self.control_offset = state["control_offset"]
        self.statuses = dict(state["statuses"])
