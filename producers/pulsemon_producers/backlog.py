"""What waits between collecting and sending: the interface of the memory's queue and of the spool."""

from dataclasses import dataclass
from typing import Protocol

from pulsemon_schemas.records import MetricBatch

from pulsemon_producers.drafts import Draft


@dataclass(frozen=True, slots=True)
class Fill:
    """How much waits. ``oldest_ms`` is the recorded_at of the oldest batch, None if nothing waits."""

    samples: int
    size_bytes: int
    oldest_ms: int | None
    disk_bytes: int = 0


class Backlog(Protocol):
    """Batches in the order of their ticks. ``put`` by the collecting thread, ``take`` and ``done`` by the sending one.

    What ``take`` returned has its place in the sequence, so it is never dropped; all else is, oldest first and counted,
    when there is no room.
    """

    @property
    def keeps(self) -> bool:
        """True if what waits is there after the end of the process."""
        ...

    def put(self, draft: Draft) -> None:
        """Takes what was collected. Never waits for the other side."""
        ...

    def take(self) -> MetricBatch | None:
        """Waits for the next batch, and returns the same one until ``done``; None once closed and empty."""
        ...

    def take_more(self, count: int) -> list[MetricBatch]:
        """At most so many that follow what ``take`` returned. Does not wait; these have their places now too."""
        ...

    def done(self) -> None:
        """The oldest that was taken is in the log, and need not be kept any longer."""
        ...

    def close(self) -> None:
        """Nothing more comes: ``take`` empties it and then returns None."""
        ...

    def end(self) -> None:
        """Lets go of files; the last call."""
        ...

    def fill(self) -> Fill:
        """How much waits now."""
        ...
