"""What the sink tells of one topic about itself."""

from collections.abc import Iterator
from dataclasses import dataclass

from pulsemon_schemas.runtime.own_metrics import Sample, sample

PREFIX = "pulsemon.sink"


@dataclass(slots=True)
class Vitals:
    """Counts are since the start; the longest time is since it was told last."""

    topic: str
    rows: int = 0
    dead_letters: int = 0
    blocks: int = 0
    longest_seconds: float = 0.0

    def stored(self, rows: int, dead_letters: int, seconds: float) -> None:
        """A block is stored, after so many seconds of work."""
        self.rows += rows
        self.dead_letters += dead_letters
        self.blocks += 1
        self.longest_seconds = max(self.longest_seconds, seconds)

    def samples(self, lag_seconds: float, buffer_bytes: int) -> Iterator[Sample]:
        """All of it, with what is so now."""
        longest_seconds, self.longest_seconds = self.longest_seconds, 0.0
        for name, value in (
            ("lag", lag_seconds),
            ("buffer.bytes", buffer_bytes),
            ("rows", self.rows),
            ("dead_letters", self.dead_letters),
            ("flushes", self.blocks),
            ("flush.duration", longest_seconds),
        ):
            yield sample(f"{PREFIX}.{name}", value, topic=self.topic)
