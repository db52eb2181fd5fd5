"""The lives of partitions: where the log lost its tail, a new life begins, so that offsets used again are stored.

The first life has the topic's id for a name, the next ones ``id/1``, ``id/2`` … A life after the first begins with a
ledger row of kind ``truncated``, agreed like every other row.
"""

from dataclasses import replace

from pulsemon_sinks.clickhouse.connection import Store
from pulsemon_sinks.ledger import LIFE_MARK, STORED, TRUNCATED, Block, Ledger, LogId


class Lives:
    """The lives of the partitions of one topic, whose first life is ``log``. All methods raise as Store."""

    def __init__(self, store: Store, database: str, log: LogId) -> None:
        self._store = store
        self._database = database
        self._log = log

    def current(self, partition: int) -> LogId:
        """The newest life of a partition."""
        prefix = f"{self._log.topic_id}{LIFE_MARK}"
        rows = self._store.rows(
            f"SELECT topic_id FROM {self._database}.sink_ledger WHERE topic = %(topic)s "
            "AND startsWith(topic_id, %(prefix)s) AND partition = %(partition)s AND kind = %(kind)s",
            {"topic": self._log.topic, "prefix": prefix, "partition": partition, "kind": TRUNCATED},
        )
        numbers = [int(name.removeprefix(prefix)) for (name,) in rows]
        return replace(self._log, life=max(numbers, default=0))

    def begin(self, partition: int, ended: LogId, first: int, leader_epoch: int) -> LogId:
        """The life after the ``ended`` one; it begins at ``first``, or where another sink said before us."""
        life = replace(ended, life=ended.life + 1)
        row = Block(first - 1, first - 1, TRUNCATED, leader_epoch)
        Ledger(self._store, self._database, life).agree(partition, row, (), is_opening=True)
        return life


def is_cut(newest: Block | None, log_end: int) -> bool:
    """Whether the log ends before what the ledger says was read from it."""
    return newest is not None and log_end <= newest.last


def first_of_life(newest: Block, cut: int) -> int:
    """Where the next life begins: at the cut, or at the newest block if that one may be unfinished and began before."""
    return min(newest.first if newest.kind == STORED else newest.last + 1, cut)
