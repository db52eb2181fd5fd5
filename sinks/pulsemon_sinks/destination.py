"""What a partition's writer needs from outside, as small protocols: its rules can then be tested without services."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from pulsemon_schemas.records import LogRecord

from pulsemon_sinks.buffer import Entry, Fault
from pulsemon_sinks.containers import Places
from pulsemon_sinks.ledger import Block, LogId


class Boundaries(Protocol):
    """Agrees where blocks end; see ledger.Ledger for what may raise."""

    def newest(self, partition: int) -> Block | None:
        """The block with the highest offsets."""

    def agree(self, partition: int, proposal: Block, entries: Collection[Entry], *, is_opening: bool) -> Block:
        """The block that all cut, given this proposal."""


class LeftOut(Protocol):
    """Agrees which records of a block are left out; see skips.Skips."""

    def agreed(self, partition: int, first: int) -> dict[int, Fault]:
        """What was agreed so far."""

    def agree(self, partition: int, first: int, faults: Mapping[int, Fault]) -> dict[int, Fault]:
        """What is agreed after adding these."""

    def are_sent(self, partition: int, first: int) -> bool:
        """Whether the block's dead letters have arrived before."""

    def note_sent(self, partition: int, first: int) -> None:
        """They have arrived."""


class Records(Protocol):
    """Stores records under a token; see inserts.Inserter."""

    def store(self, records: Sequence[LogRecord], places: Places, token: str) -> None:
        """Returning means stored, once for each token."""

    def find_refused(self, records: Sequence[LogRecord], places: Places) -> dict[int, Fault]:
        """Those that the store proved to refuse."""


class Letters(Protocol):
    """Sends bad records on; see dead_letters.DeadLetters."""

    def send(self, entry: Entry, fault: Fault, topic_id: str) -> None:
        """Queues one."""

    def is_drained(self, timeout_seconds: float) -> bool:
        """Whether all have arrived."""


@dataclass(frozen=True, slots=True)
class Destination:
    """Where the blocks of one log go."""

    log: LogId
    ledger: Boundaries
    skips: LeftOut
    inserter: Records
    dead_letters: Letters
