"""Where the processor's state of earlier days can be had, so that a replay need not begin where the log does."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

State = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class StateSnapshot:
    """The state of each partition by key, as the processor's topic had it at one moment; of some later one the fleet's.

    ``fleet`` has heard of all that the partitions had said; it is empty if that was never seen.
    """

    partitions: Mapping[int, Mapping[str, State]] = field(default_factory=dict)
    fleet: Mapping[str, State] = field(default_factory=dict)


class StateHistory(Protocol):
    """Snapshots that were taken once a day."""

    def before(self, topic_id: str, time_ms: int) -> StateSnapshot:
        """The newest that was taken before a time, in this life of the metrics topic; empty if there is none.

        Raises TransientError.
        """
        ...
