"""Records that all sinks agreed to leave out of a block: invalid ones, and those that the store proved to refuse.

Agreed like the ledger, in rounds: a later round adds what an earlier one did not know. The union of the rounds is left
out, and its fingerprint is part of the block's data token, so that one token always stands for the same bytes.
"""

import zlib
from collections.abc import Iterable, Mapping

from pulsemon_sinks.buffer import Fault
from pulsemon_sinks.clickhouse.connection import Store
from pulsemon_sinks.ledger import TOKEN_SETTINGS, LogId, token_of

LETTERS = "topic, topic_id, partition, first_offset"
COLUMNS = "topic, topic_id, partition, first_offset, round, skipped, reasons, details"


def fingerprint(offsets: Iterable[int]) -> str:
    """The suffix of a data token for these left-out offsets; '' for none."""
    text = ",".join(map(str, sorted(offsets)))
    return f":x{zlib.crc32(text.encode()):08x}" if text else ""


class Skips:
    """The agreed skips of one log. All methods raise as Store."""

    def __init__(self, store: Store, database: str, log: LogId) -> None:
        self._store = store
        self._table = f"{database}.sink_skips"
        self._letters = f"{database}.sink_letters"
        self._log = log

    def agreed(self, partition: int, first: int) -> dict[int, Fault]:
        """What is left out of the block that begins at ``first``, by offset."""
        return self._read(partition, first)[0]

    def agree(self, partition: int, first: int, faults: Mapping[int, Fault]) -> dict[int, Fault]:
        """Adds a round and returns the union of all rounds, which contains ``faults``."""
        union, rounds = self._read(partition, first)
        while not union.keys() >= faults.keys():
            self._write(partition, first, rounds, faults)
            union, rounds = self._read(partition, first)
        return union

    def are_sent(self, partition: int, first: int) -> bool:
        """Whether the dead letters of the block that begins at ``first`` have arrived, once at least."""
        sql = f"SELECT count() FROM {self._letters} WHERE ({LETTERS}) = %(block)s"
        return bool(self._store.rows(sql, {"block": self._block(partition, first)})[0][0])

    def note_sent(self, partition: int, first: int) -> None:
        """To be called when they have: replays of the block do not send them again."""
        token = f"M:{token_of(self._log, partition)}:{first}"
        self._store.insert(
            f"INSERT INTO {self._letters} ({LETTERS}) VALUES",
            [self._block(partition, first)],
            {**TOKEN_SETTINGS, "insert_deduplication_token": token},
        )

    def _block(self, partition: int, first: int) -> tuple[str, str, int, int]:
        return self._log.topic, self._log.name, partition, first

    def _read(self, partition: int, first: int) -> tuple[dict[int, Fault], int]:
        rows = self._store.rows(
            f"SELECT skipped, reasons, details FROM {self._table} WHERE topic = %(topic)s AND topic_id = %(topic_id)s "
            "AND partition = %(partition)s AND first_offset = %(first)s ORDER BY round DESC",
            {"topic": self._log.topic, "topic_id": self._log.name, "partition": partition, "first": first},
        )
        union = {offset: Fault(reason, detail) for row in rows for offset, reason, detail in zip(*row, strict=True)}
        return union, len(rows)

    def _write(self, partition: int, first: int, number: int, faults: Mapping[int, Fault]) -> None:
        offsets = sorted(faults)
        columns = [offsets, [faults[one].reason for one in offsets], [faults[one].detail for one in offsets]]
        token = f"S:{token_of(self._log, partition)}:{first}:{number}"
        self._store.insert(
            f"INSERT INTO {self._table} ({COLUMNS}) VALUES",
            [(*self._block(partition, first), number, *columns)],
            {**TOKEN_SETTINGS, "insert_deduplication_token": token},
        )
