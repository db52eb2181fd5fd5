"""One partition on its way into the store: open, gather, agree, store, send dead letters, go on."""

import logging

from pulsemon_schemas.errors import TransientError

from pulsemon_sinks.buffer import Buffer, Entry, Fault, FlushLimits
from pulsemon_sinks.clickhouse.errors import StoreRefusedError
from pulsemon_sinks.containers import Places
from pulsemon_sinks.destination import Destination
from pulsemon_sinks.ledger import Block, start, token_of
from pulsemon_sinks.skips import fingerprint

log = logging.getLogger(__name__)

DEAD_LETTER_WAIT_SECONDS = 0.5
RETRY_AFTER_SECONDS = 0.5


class RewrittenLogError(Exception):
    """Records of an agreed block are of a later leader than the ledger says: Kafka lost them and used their offsets
    again. Begin another life of the log."""


class LettersDelayedError(TransientError):
    """Dead letters have not arrived yet; what is stored stays stored."""

    cause = "The dead letter topic takes no records"


class PartitionWriter:
    """Stores the records of one partition, block by block, each record once.

    Every step that talks to the store or to Kafka may raise; the state stays, and the same step is tried again at the
    next call with the same bytes. ``next_offset`` is the first offset that is not stored for certain. ``rows``
    (samples, where records have some) and ``letters`` count what was stored and what was left out.
    """

    def __init__(self, partition: int, destination: Destination, limits: FlushLimits) -> None:
        self.partition = partition
        self.next_offset = -1
        self.rows = self.letters = 0
        self.buffer = Buffer()
        self._to = destination
        self._limits = limits
        self._places = Places(destination.log.name, partition)
        self._agreed: Block | None = None
        self._is_opening = False
        self._is_replay = False
        self._are_letters_out = False
        self._read_from = -1
        self._stored: tuple[int, dict[int, Fault]] | None = None  # entries of a stored block, and its skips to send on

    @property
    def is_open(self) -> bool:
        """Whether it is known where to go on."""
        return self._read_from >= 0

    @property
    def waits_for_records(self) -> bool:
        """Whether an agreed block reaches further than what was read."""
        return self._agreed is not None and not self.buffer.reaches(self._agreed.last)

    def open(self, log_start: int) -> int:
        """Asks the ledger where to go on, agrees on what retention took, and returns the offset to read from."""
        at = start(self._to.ledger.newest(self.partition), log_start)
        while at.lost is not None:
            log.warning("%s", _loss(self.partition, at.lost))
            self._to.ledger.agree(self.partition, at.lost, (), is_opening=False)
            at = start(self._to.ledger.newest(self.partition), log_start)
        self.next_offset, self._agreed, self._is_opening = at.first, at.agreed, at.is_opening
        self._is_replay = at.agreed is not None
        self._read_from = max(at.first, log_start)
        self.buffer, self._stored, self._are_letters_out = Buffer(), None, False
        return self._read_from

    def accept(self, entry: Entry, now: float) -> None:
        """Takes a record that was read; those before the place to read from, or already here, are passed over."""
        entries = self.buffer.entries
        expected = entries[-1].record.offset + 1 if entries else self._read_from
        if self.is_open and entry.record.offset >= expected:
            self.buffer.add(entry, now)

    def is_due(self, now: float) -> bool:
        """Whether advance() has something to do."""
        if self._stored is not None:
            return True
        if self._agreed is not None:
            return self.buffer.reaches(self._agreed.last)
        return self.is_open and self.buffer.is_due(self._limits, now)

    def advance(self, now: float) -> bool:
        """Stores one block; True if it is done with, False if it waits for records or has to be opened again.

        Call it only if is_due(), and if the topic's id is still the one of the log. Raises StoreUnreachableError,
        StoreRefusedError, LettersDelayedError, BrokenChainError and RewrittenLogError.
        """
        if self._agreed is None and not self._agree():
            return False
        assert self._agreed is not None
        if self._stored is None:
            if not self.buffer.reaches(self._agreed.last):
                return False
            self._stored = self._store(self._agreed)
        self._finish(self._agreed, now)
        return True

    def _agree(self) -> bool:
        last = self.buffer.proposal(self._limits)
        entries = self.buffer.upto(last)
        proposal = Block(self.next_offset, last, leader_epoch=entries[-1].leader_epoch)
        agreed = self._to.ledger.agree(self.partition, proposal, entries, is_opening=self._is_opening)
        if agreed.first != self.next_offset:
            self._read_from = -1  # another opening came first: open again, at its first offset
            return False
        self._agreed, self._is_opening = agreed, False
        return True

    def _store(self, block: Block) -> tuple[int, dict[int, Fault]]:
        entries = self.buffer.upto(block.last)
        if entries and entries[-1].leader_epoch > block.leader_epoch >= 0:
            raise RewrittenLogError(f"partition {self.partition}: offsets up to {block.last} were written again")
        skips = self._to.skips.agreed(self.partition, block.first) if self._is_replay else {}
        faults = {one.record.offset: one.fault for one in entries if one.fault is not None}
        if not skips.keys() >= faults.keys():
            skips = self._to.skips.agree(self.partition, block.first, faults)
        while True:
            records = [one.record for one in entries if one.record.offset not in skips]
            try:
                self._to.inserter.store(records, self._places, self._token(block, skips))
            except StoreRefusedError as error:
                refused = self._to.inserter.find_refused(records, self._places) if error.is_caused_by_data else {}
                if not refused:
                    raise
                skips = self._to.skips.agree(self.partition, block.first, refused)
            else:
                return len(entries), skips

    def _token(self, block: Block, skips: dict[int, Fault]) -> str:
        """Names the exact bytes: the block, what is left out, and from where on if the log has lost its beginning."""
        beginning = f":f{self._read_from}" if self._read_from > block.first else ""
        return f"D:{token_of(self._to.log, self.partition)}:{block.first}-{block.last}{beginning}{fingerprint(skips)}"

    def _finish(self, block: Block, now: float) -> None:
        assert self._stored is not None
        count, skips = self._stored
        entries = self.buffer.entries[:count]
        if skips:
            self._send_letters(block, entries, skips)
        self.rows += sum(one.samples for one in entries if one.record.offset not in skips)
        self.letters += len(skips)
        self.buffer.drop(count, now)
        self.next_offset = self._read_from = block.last + 1
        self._stored, self._agreed, self._is_replay, self._are_letters_out = None, None, False, False

    def _send_letters(self, block: Block, entries: list[Entry], skips: dict[int, Fault]) -> None:
        """Sends what is left out, unless that was done before, and notes it when all have arrived."""
        if not self._are_letters_out:
            if self._to.skips.are_sent(self.partition, block.first):
                return
            for entry in entries:
                if (fault := skips.get(entry.record.offset)) is not None:
                    self._to.dead_letters.send(entry, fault, self._to.log.name)
            self._are_letters_out = True
        if not self._to.dead_letters.is_drained(DEAD_LETTER_WAIT_SECONDS):
            raise LettersDelayedError(
                f"partition {self.partition} of {self._to.log.topic}: {len(skips)} bad records are not in the dead "
                "letter topic yet; storing goes on when they are",
                RETRY_AFTER_SECONDS,
            )
        self._to.skips.note_sent(self.partition, block.first)


def _loss(partition: int, lost: Block) -> str:
    return (
        f"partition {partition}: retention removed the offsets {lost.first}-{lost.last} before they were stored; "
        f"they are noted as lost, and storing goes on at {lost.last + 1}; give the topic a longer retention"
    )
