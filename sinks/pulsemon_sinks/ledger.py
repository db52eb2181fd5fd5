"""The boundary ledger: where blocks begin and end, agreed by all sinks, so that each cuts the same blocks for ever.

The first offset of a block is a function of the block before it. Its last offset is a proposal of whoever comes first:
the row is inserted with a token that names only the first offset, so of several proposals one row stays, and all read
it back. A block that was cut once is cut the same way by every later incarnation, and its data carries one token.
"""

from collections.abc import Collection
from dataclasses import dataclass

from pulsemon_sinks.buffer import Entry
from pulsemon_sinks.clickhouse.connection import Store

STORED = "stored"
LOST = "lost"
TRUNCATED = "truncated"
WINDOW_MS = 300_000
LIFE_MARK = "/"

COLUMNS = "topic, topic_id, partition, first_offset, last_offset, kind, leader_epoch, records, windows"
TOKEN_SETTINGS = {"async_insert": 0, "insert_deduplicate": 1}


@dataclass(frozen=True, slots=True)
class LogId:
    """One life of a topic: a topic that was deleted and made again has another id, and is another log.

    So is a partition that lost its tail and uses the lost offsets again: that is the next ``life`` of the same id.
    """

    topic: str
    topic_id: str
    life: int = 0

    @property
    def name(self) -> str:
        """What stands for this log in tokens, in the ledger, in the places of records and in dead letters."""
        return f"{self.topic_id}{LIFE_MARK}{self.life}" if self.life else self.topic_id


@dataclass(frozen=True, slots=True)
class Block:
    """Offsets first..last, both included.

    ``kind``: stored; lost if retention took them before they were stored; truncated for the one before the first of a
    life. ``leader_epoch``: of the last record; a record written later to its offset has a higher one. -1: not known.
    """

    first: int
    last: int
    kind: str = STORED
    leader_epoch: int = -1


@dataclass(frozen=True, slots=True)
class Start:
    """Where a partition goes on. ``agreed``: the block that begins at ``first`` and may be unfinished.

    ``is_opening``: the ledger has nothing of this partition yet. ``lost``: the range to agree as lost before anything
    else.
    """

    first: int
    agreed: Block | None = None
    is_opening: bool = False
    lost: Block | None = None


def start(newest: Block | None, log_start: int) -> Start:
    """Where to go on, given the newest block of the ledger and the first offset that the log still has.

    Only the newest block can be unfinished, so it is replayed under its token as long as one of its records is left.
    """
    if newest is None:
        return Start(log_start, is_opening=True)
    if newest.kind == STORED and newest.last >= log_start:
        return Start(newest.first, agreed=newest)
    following = newest.last + 1
    if following < log_start:
        return Start(following, lost=Block(following, log_start - 1, LOST))
    return Start(following)


def windows(entries: Collection[Entry]) -> list[int]:
    """The 5-minute windows of recorded_at that the valid entries touch, sorted."""
    return sorted({entry.recorded_at_ms // WINDOW_MS for entry in entries if entry.fault is None})


class BrokenChainError(Exception):
    """The block before this one is not in the ledger: the store was emptied or restored meanwhile.

    Start from the ledger again.
    """


class Ledger:
    """The rows of one log. All methods raise as Store."""

    def __init__(self, store: Store, database: str, log: LogId) -> None:
        self._store = store
        self._table = f"{database}.sink_ledger"
        self._log = log

    def newest(self, partition: int) -> Block | None:
        """The block with the highest offsets, or None if the log is new to this store."""
        rows = self._rows(partition, "1", "first_offset DESC LIMIT 1")
        return rows[0] if rows else None

    def agree(self, partition: int, proposal: Block, entries: Collection[Entry], *, is_opening: bool) -> Block:
        """The block that the store holds after this proposal: ours or an earlier one.

        An opening may come back with another first offset: the partition then begins there.
        BrokenChainError if the ledger does not end right before the proposal.
        """
        if not is_opening and (known := self._known(partition, proposal.first)) is not None:
            return known
        first = "start" if is_opening else proposal.first
        row = (*self._of(partition), proposal.first, proposal.last, proposal.kind, proposal.leader_epoch)
        self._store.insert(
            f"INSERT INTO {self._table} ({COLUMNS}) VALUES",
            [(*row, len(entries), windows(entries))],
            {**TOKEN_SETTINGS, "insert_deduplication_token": f"L:{token_of(self._log, partition)}:{first}"},
        )
        condition = "1" if is_opening else f"first_offset = {proposal.first}"
        return self._rows(partition, condition, "first_offset, inserted_at LIMIT 1")[0]

    def _known(self, partition: int, first: int) -> Block | None:
        rows = self._rows(partition, f"first_offset <= {first}", "first_offset DESC, inserted_at LIMIT 2")
        if rows and rows[0].first == first:
            return rows[0]
        if not rows or rows[0].last != first - 1:
            raise BrokenChainError(f"partition {partition}: no block ends at {first - 1}")
        return None

    def _rows(self, partition: int, condition: str, order: str) -> list[Block]:
        rows = self._store.rows(
            f"SELECT first_offset, last_offset, kind, leader_epoch FROM {self._table} "
            "WHERE topic = %(topic)s AND topic_id = %(topic_id)s "
            f"AND partition = %(partition)s AND {condition} ORDER BY {order}",
            dict(zip(("topic", "topic_id", "partition"), self._of(partition), strict=True)),
        )
        return [Block(*row) for row in rows]

    def _of(self, partition: int) -> tuple[str, str, int]:
        return self._log.topic, self._log.name, partition


def token_of(log: LogId, partition: int) -> str:
    """The part of every token that names one partition of one log."""
    return f"{log.topic}:{log.name}:{partition}"
