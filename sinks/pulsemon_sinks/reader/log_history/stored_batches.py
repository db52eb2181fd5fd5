"""Rows of ``batches`` and ``ticks`` as they were in the log, in its order."""

from collections.abc import Mapping
from typing import NamedTuple

from pulsemon_schemas.records import MetricBatch
from pulsemon_schemas.ticks import TICK_SERVER_ID

from pulsemon_sinks.reader.alerts import Ask
from pulsemon_sinks.reader.log_history.blocks import Chunk


class StoredBatch(NamedTuple):
    """A batch without its samples: ``finite`` of them are stored."""

    offset: int
    append_ms: int
    server_id: str
    source: str
    producer_id: str
    sequence: int
    previous_producer_id: str
    previous_sequence: int
    recorded_ms: int
    delay_ms: int
    samples: int
    non_finite: int
    dropped: Mapping[str, int]
    signature: str

    @property
    def finite(self) -> int:
        """How many of its samples are stored."""
        return self.samples - self.non_finite

    def batch(self, names: tuple[str, ...], labels: tuple[str, ...], values: tuple[float, ...]) -> MetricBatch:
        """The whole batch."""
        return MetricBatch(
            self.server_id, self.source, self.producer_id, self.sequence, self.previous_producer_id,
            self.previous_sequence, self.recorded_ms, self.recorded_ms + self.delay_ms, names, labels, values,
            self.dropped, self.signature,
        )  # fmt: skip


class StoredTick(NamedTuple):
    """A Tick, whole."""

    offset: int
    append_ms: int
    batch: MetricBatch


def batches(ask: Ask, topic_id: str, partition: int, chunk: Chunk) -> list[StoredBatch]:
    """The batches of a chunk in order. Of one that was sent twice the first copy alone is there. Errors as Store."""
    rows = ask(_BATCHES, _where(topic_id, partition, chunk))
    return [StoredBatch(*row) for row in rows]


def ticks(ask: Ask, topic_id: str, partition: int, chunk: Chunk) -> list[StoredTick]:
    """The Ticks of a chunk in order. Errors as Store."""
    return [
        StoredTick(
            offset,
            append_ms,
            MetricBatch(
                TICK_SERVER_ID, source, producer_id, sequence, previous, previous_sequence, recorded_ms, sent_ms,
                tuple(names), tuple(labels), tuple(values), {}, signature,
            ),
        )
        for (
            offset, append_ms, source, producer_id, sequence, previous, previous_sequence, recorded_ms, sent_ms, names,
            labels, values, signature,
        ) in ask(_TICKS, _where(topic_id, partition, chunk))
    ]  # fmt: skip


def _where(topic_id: str, partition: int, chunk: Chunk) -> Mapping[str, object]:
    return {"topic_id": topic_id, "partition": partition, **chunk._asdict()}


_BATCHES = """
SELECT offset, -precedence, server_id, source, producer_id, sequence, previous_producer_id, previous_sequence,
  toUnixTimestamp64Milli(recorded_at), delay_ms, samples, non_finite, dropped, signature
FROM {database}.batches FINAL
WHERE topic_id = %(topic_id)s AND partition = %(partition)s AND offset BETWEEN %(first)s AND %(last)s
  AND recorded_at >= fromUnixTimestamp64Milli(toInt64(%(start_ms)s))
  AND recorded_at < fromUnixTimestamp64Milli(toInt64(%(end_ms)s))
ORDER BY offset
"""
_TICKS = """
SELECT offset, toUnixTimestamp64Milli(append_time), source, producer_id, sequence, previous_producer_id,
  previous_sequence, toUnixTimestamp64Milli(recorded_at), toUnixTimestamp64Milli(sent_at), names, labels, values,
  signature
FROM {database}.ticks FINAL
WHERE topic_id = %(topic_id)s AND partition = %(partition)s AND offset BETWEEN %(first)s AND %(last)s
ORDER BY offset
"""
