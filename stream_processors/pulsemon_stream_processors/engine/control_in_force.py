"""Which prefix of which control log is in force, as the Ticks of a partition say."""

from dataclasses import dataclass, field
from enum import Enum


class Verdict(Enum):
    """What a Tick does to the configuration."""

    KEPT = "kept"
    ADVANCED = "advanced"
    REFUSED = "refused"


@dataclass(slots=True)
class ControlInForce:
    """``offset`` only grows. An id that was replaced never returns, so a zombie's Ticks change nothing.

    A control topic that was restored keeps all records at their offsets: its id takes over. One that was made anew
    names a lower offset and is refused; ``refused_id`` remembers it, so that it is told once.
    """

    topic_id: str = ""
    offset: int = -1
    replaced_ids: list[str] = field(default_factory=list)
    refused_id: str = ""

    def verdict(self, topic_id: str, offset: int) -> Verdict:
        """What a Tick with this id and offset would do."""
        if topic_id in self.replaced_ids:
            return Verdict.KEPT
        if topic_id != self.topic_id and offset < self.offset:
            return Verdict.REFUSED
        return Verdict.ADVANCED if offset > self.offset or topic_id != self.topic_id else Verdict.KEPT

    def advance(self, topic_id: str, offset: int) -> None:
        """Takes what ``verdict`` found to advance."""
        if self.topic_id and topic_id != self.topic_id:
            self.replaced_ids.append(self.topic_id)
        self.topic_id = topic_id
        self.offset = offset
