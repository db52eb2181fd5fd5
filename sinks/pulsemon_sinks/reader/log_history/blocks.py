"""What the store has of a partition of the metrics log, and which part of that is whole."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from pulsemon_sinks.ledger import LIFE_MARK, STORED, WINDOW_MS
from pulsemon_sinks.reader.alerts import Ask

SETTLED_SECONDS = 30
"""The newest block may be unfinished; after so long it is not, unless its sink is away."""
RECORDS_A_CHUNK = 8_000


class Chunk(NamedTuple):
    """Offsets first..last, both included, of stored records whose samples lie in [start, end), in ms."""

    first: int
    last: int
    start_ms: int
    end_ms: int


class Blocks:
    """The ledger of one topic. Errors as Store."""

    def __init__(self, ask: Ask, topic: str) -> None:
        self._ask = ask
        self._topic = topic
        lives = ask(_LIVES, {"topic": topic})
        self.topic_id = str(lives[0][0]).partition(LIFE_MARK)[0] if lives else ""
        self.partition_count = int(lives[0][1]) + 1 if lives else 0
        self.has_lost_its_tail = any(LIFE_MARK in str(row[0]) for row in lives if self._is_ours(str(row[0])))

    def range(self, partition: int) -> tuple[int, int]:
        """The first offset whose record is stored still, and the one after the last that surely is."""
        ((first, end),) = self._ask(_RANGE, self._place(partition))
        if first < 0:
            return 0, 0
        newest = self._ask(_NEWEST, self._place(partition) | {"settled": SETTLED_SECONDS})
        if newest:
            ((first_offset, last_offset, records, is_settled),) = newest
            ((stored,),) = self._ask(_COUNT, self._place(partition) | {"first": first_offset, "last": last_offset})
            is_whole = is_settled or stored >= records - len(self.skipped(partition, first_offset, last_offset))
            end = max(end, last_offset + 1) if is_whole else min(end, first_offset)
        return int(first), int(max(first, end))

    def before(self, partition: int, until_ms: int, end: int) -> int:
        """The first stored offset that was appended at a time or later; ``end`` if there is none."""
        ((found,),) = self._ask(_BEFORE, self._place(partition) | {"until_ms": until_ms})
        return end if found < 0 else min(end, int(found))

    def chunks(self, partition: int, first: int, end: int) -> Iterator[Chunk]:
        """The offsets [first, end) in pieces of some thousand records, each with the times of its samples."""
        waiting: list[Any] = []
        records = 0
        for row in self._ask(_BLOCKS, self._place(partition) | {"first": first, "end": end}):
            waiting.append(row)
            records += row[2]
            if records >= RECORDS_A_CHUNK:
                yield _chunk(waiting, first, end)
                waiting, records = [], 0
        if waiting:
            yield _chunk(waiting, first, end)

    def skipped(self, partition: int, first: int, last: int) -> frozenset[int]:
        """The offsets among first..last that all sinks agreed to leave out: they were no valid records."""
        rows = self._ask(_SKIPS, self._place(partition) | {"first": first, "last": last})
        return frozenset(offset for (offsets,) in rows for offset in offsets if first <= offset <= last)

    def lost(self, partition: int, first: int, end: int) -> int:
        """How many offsets of [first, end) retention took before they were stored."""
        ((found,),) = self._ask(_LOST, self._place(partition) | {"first": first, "end": end})
        return int(found)

    def _is_ours(self, name: str) -> bool:
        return name.partition(LIFE_MARK)[0] == self.topic_id

    def _place(self, partition: int) -> dict[str, Any]:
        return {"topic": self._topic, "topic_id": self.topic_id, "partition": partition, "stored": STORED}


def _chunk(rows: Sequence[Any], first: int, end: int) -> Chunk:
    lows, highs = [row[3] for row in rows if row[5]], [row[4] for row in rows if row[5]]
    start_ms = min(lows, default=0) * WINDOW_MS
    end_ms = (max(highs, default=0) + 1) * WINDOW_MS
    return Chunk(max(first, rows[0][0]), min(end - 1, rows[-1][1]), start_ms, end_ms)


_HERE = "topic = %(topic)s AND topic_id = %(topic_id)s AND partition = %(partition)s"
_LIVES = """
SELECT topic_id, max(partition) FROM {database}.sink_ledger WHERE topic = %(topic)s
GROUP BY topic_id ORDER BY max(inserted_at) DESC
"""
_RANGE = """
SELECT min(first), max(last) + 1 FROM (
  SELECT if(count() = 0, -1, min(offset)) AS first, if(count() = 0, -2, max(offset)) AS last
  FROM {database}.batches WHERE topic_id = %(topic_id)s AND partition = %(partition)s
  UNION ALL
  SELECT if(count() = 0, -1, min(offset)), if(count() = 0, -2, max(offset))
  FROM {database}.ticks WHERE topic_id = %(topic_id)s AND partition = %(partition)s
) WHERE first >= 0
"""
_NEWEST = f"""
SELECT first_offset, last_offset, records, inserted_at < now64(3) - toIntervalSecond(%(settled)s)
FROM {{database}}.sink_ledger WHERE {_HERE} AND kind = %(stored)s
ORDER BY first_offset DESC, inserted_at LIMIT 1
"""
_COUNT = """
SELECT (
  SELECT uniqExact(offset) FROM {database}.batches
  WHERE topic_id = %(topic_id)s AND partition = %(partition)s AND offset BETWEEN %(first)s AND %(last)s
) + (
  SELECT uniqExact(offset) FROM {database}.ticks
  WHERE topic_id = %(topic_id)s AND partition = %(partition)s AND offset BETWEEN %(first)s AND %(last)s
)
"""
_BEFORE = """
SELECT if(count() = 0, -1, min(offset)) FROM (
  SELECT offset FROM {database}.batches WHERE topic_id = %(topic_id)s AND partition = %(partition)s
    AND precedence <= -%(until_ms)s
  UNION ALL
  SELECT offset FROM {database}.ticks WHERE topic_id = %(topic_id)s AND partition = %(partition)s
    AND append_time >= fromUnixTimestamp64Milli(toInt64(%(until_ms)s))
)
"""
_BLOCKS = f"""
SELECT first_offset, last_offset, records, arrayMin(windows), arrayMax(windows), notEmpty(windows)
FROM {{database}}.sink_ledger
WHERE {_HERE} AND kind = %(stored)s AND last_offset >= %(first)s AND first_offset < %(end)s
ORDER BY first_offset, inserted_at LIMIT 1 BY first_offset
"""
_SKIPS = f"""
SELECT skipped FROM {{database}}.sink_skips
WHERE {_HERE} AND first_offset <= %(last)s AND first_offset >= %(first)s - 1000000
"""
_LOST = f"""
SELECT sum(least(last_offset, %(end)s - 1) - greatest(first_offset, %(first)s) + 1) FROM {{database}}.sink_ledger
WHERE {_HERE} AND kind != %(stored)s AND last_offset >= %(first)s AND first_offset < %(end)s
"""
