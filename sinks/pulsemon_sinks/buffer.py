"""The records of one partition that are read and not yet stored."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from pulsemon_schemas.records import LogRecord


class Fault(NamedTuple):
    """Why a record is left out: a reason of ``pulsemon_schemas.reasons`` or ``refused``, and what was seen."""

    reason: str
    detail: str


class Entry(NamedTuple):
    """A record with what its head says. With a fault the other facts mean nothing.

    ``raw``: key and value as they came, for a faulty record that lacks one of them. ``leader_epoch``: under which
    leader of the partition it was written; -1 if Kafka does not say.
    """

    record: LogRecord
    samples: int
    recorded_at_ms: int
    fault: Fault | None = None
    raw: tuple[bytes | None, bytes | None] | None = None
    leader_epoch: int = -1


@dataclass(frozen=True, slots=True)
class FlushLimits:
    """A block is due at the first of these."""

    samples: int
    bytes: int
    seconds: float


@dataclass(slots=True)
class Buffer:
    """Entries in offset order, with their sums."""

    entries: list[Entry] = field(default_factory=list)
    samples: int = 0
    bytes: int = 0
    born: float = 0.0

    def add(self, entry: Entry, now: float) -> None:
        """Appends an entry; its offset is higher than those before."""
        if not self.entries:
            self.born = now
        self.entries.append(entry)
        self.samples += entry.samples
        self.bytes += len(entry.record.value)

    def is_due(self, limits: FlushLimits, now: float) -> bool:
        """Whether a block should be cut now."""
        if not self.entries:
            return False
        return self.samples >= limits.samples or self.bytes >= limits.bytes or now - self.born >= limits.seconds

    def proposal(self, limits: FlushLimits) -> int:
        """The last offset of the block to cut: the first one that reaches a size limit, or the newest there is."""
        samples = size = 0
        for entry in self.entries:
            samples += entry.samples
            size += len(entry.record.value)
            if samples >= limits.samples or size >= limits.bytes:
                return entry.record.offset
        return self.entries[-1].record.offset

    def reaches(self, last_offset: int) -> bool:
        """Whether everything up to ``last_offset`` was read.

        The log may have gaps, but a block's last offset was a record.
        """
        return bool(self.entries) and self.entries[-1].record.offset >= last_offset

    def upto(self, last_offset: int) -> Sequence[Entry]:
        """The entries up to ``last_offset``; they stay."""
        if self.entries and self.entries[-1].record.offset <= last_offset:
            return tuple(self.entries)
        cut = next(index for index, entry in enumerate(self.entries) if entry.record.offset > last_offset)
        return tuple(self.entries[:cut])

    def drop(self, count: int, now: float) -> None:
        """Removes the first ``count`` entries."""
        for entry in self.entries[:count]:
            self.samples -= entry.samples
            self.bytes -= len(entry.record.value)
        del self.entries[:count]
        self.born = now
