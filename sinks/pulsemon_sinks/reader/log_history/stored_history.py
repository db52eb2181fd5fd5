"""The logs as the store has kept them."""

from collections.abc import Iterator, Sequence
from dataclasses import fields

from pulsemon_schemas import codec
from pulsemon_schemas.batch_encoder import BatchEncoder
from pulsemon_schemas.errors import PermanentError
from pulsemon_schemas.history import Span
from pulsemon_schemas.records import AlertEvent, ControlRecord, LogRecord, MetricBatch
from pulsemon_schemas.ticks import TICK_KEY
from pulsemon_schemas.topics import METRICS

from pulsemon_sinks.reader.alerts import Ask
from pulsemon_sinks.reader.log_history.blocks import Blocks, Chunk
from pulsemon_sinks.reader.log_history.moments import Moments, Series
from pulsemon_sinks.reader.log_history.sharing import Sharing
from pulsemon_sinks.reader.log_history.stored_batches import StoredBatch, batches, ticks

MAX_ENCODERS = 20_000


class StoredHistory:
    """See ``LogHistory``. Errors as Store; PermanentError if nothing of the metrics topic is stored."""

    origin = "clickhouse"

    def __init__(self, ask: Ask, topic: str = METRICS.name) -> None:
        self._ask = ask
        self._topic = topic
        self._blocks = Blocks(ask, topic)
        if not self._blocks.topic_id:
            raise PermanentError(
                f"nothing of {topic} is stored, so there is nothing to replay; see with `pulsemon status` whether a "
                "sink runs. Nothing was changed."
            )
        self.topic_id, self.partition_count = self._blocks.topic_id, self._blocks.partition_count
        self._moments = Moments(ask)
        self._sharing = Sharing()
        self._encoders: dict[Series, BatchEncoder] = {}
        self._tick_encoder = BatchEncoder()
        self._missing = self._lost = 0
        self._sequences: dict[tuple[str, str], tuple[int, int, int]] = {}

    def control(self) -> Iterator[tuple[int, ControlRecord | None]]:
        """See ``LogHistory``. A record that was none has a row that is void."""
        for offset, *columns in self._ask(_CONTROL, {}):
            yield offset, ControlRecord(*columns)

    def span(self, partition: int, until_ms: int | None) -> Span:
        """See ``LogHistory``. How far the alerts are stored is not known: the newest ones may be missing."""
        first, end = self._blocks.range(partition)
        if until_ms is not None:
            end = self._blocks.before(partition, until_ms, end)
        return Span(first, max(first, end))

    def records(self, partition: int, span: Span) -> Iterator[LogRecord]:
        """See ``LogHistory``. Records that were not valid, and second copies, are left out: they changed no alert."""
        self._lost += self._blocks.lost(partition, *span)
        for chunk in self._blocks.chunks(partition, *span):
            yield from self._chunk(partition, chunk)

    def alerts(self, partition: int) -> Iterator[tuple[bytes, bytes]]:
        """See ``LogHistory``."""
        for row in self._ask(_ALERTS, {"partition": partition, "topic_id": self.topic_id}):
            event = AlertEvent(*(*row[:-1], tuple(row[-1])))
            yield event.server_id.encode(), codec.encode(event)

    def doubts(self) -> Sequence[str]:
        """See ``LogHistory``."""
        holes = sum(highest - lowest + 1 - count for lowest, highest, count in self._sequences.values())
        found = {
            "batches share server and time with another and cannot be told apart": self._sharing.undecided,
            "batches do not have the samples that they were stored with": self._sharing.unlike,
            "records were gone before they were stored": self._lost,
            f"records are not stored, and {holes} numbers of producers are missing": self._missing if holes else 0,
        }
        told = [f"{count} {what}" for what, count in found.items() if count]
        if self._blocks.has_lost_its_tail:
            told.append("Kafka lost the end of this log once and used its offsets again")
        return told

    def _chunk(self, partition: int, chunk: Chunk) -> Iterator[LogRecord]:
        stored = batches(self._ask, self.topic_id, partition, chunk)
        found = ticks(self._ask, self.topic_id, partition, chunk)
        self._note(partition, chunk, stored, len(found))
        records = [
            LogRecord(self._topic, partition, one.offset, one.append_ms, TICK_KEY, self._tick_encoder.encode(one.batch))
            for one in found
        ]
        records += self._rebuilt(partition, stored)
        records.sort(key=lambda one: one.offset)
        yield from records

    def _rebuilt(self, partition: int, stored: Sequence[StoredBatch]) -> Iterator[LogRecord]:
        by_moment: dict[tuple[str, int], list[StoredBatch]] = {}
        for one in stored:
            by_moment.setdefault((one.server_id, one.recorded_ms), []).append(one)
        servers = sorted({one.server_id for one in stored})
        moments = self._moments.read(servers, [at_ms for _, at_ms in by_moment]) if servers else {}
        self._sharing.learn(by_moment, moments)
        for place, group in by_moment.items():
            parts = self._sharing.parts(group, moments.get(place))
            for one in group:
                series, values = parts[one.offset]
                value = self._encoded(series, one.batch(*series, values))
                yield LogRecord(self._topic, partition, one.offset, one.append_ms, one.server_id.encode(), value)

    def _encoded(self, series: Series, batch: MetricBatch) -> bytes:
        """Each set of series has an encoder of its own, which keeps its bytes."""
        encoder = self._encoders.get(series)
        if encoder is None:
            if len(self._encoders) >= MAX_ENCODERS:
                self._encoders.clear()
            encoder = self._encoders[series] = BatchEncoder()
        return encoder.encode(batch)

    def _note(self, partition: int, chunk: Chunk, stored: Sequence[StoredBatch], tick_count: int) -> None:
        """Counts what is missing. Where no number of any producer is missing, it can only be second copies."""
        skipped = len(self._blocks.skipped(partition, chunk.first, chunk.last))
        self._missing += chunk.last - chunk.first + 1 - len(stored) - tick_count - skipped
        for one in stored:
            key, at = (one.server_id, one.producer_id), one.sequence
            lowest, highest, count = self._sequences.get(key, (at, at, 0))
            self._sequences[key] = min(lowest, at), max(highest, at), count + 1


_CONTROL = """
SELECT offset, entity_type, entity_id, operation, expected_version, change_id, author, on_behalf_of, reason, body
FROM {database}.control_log ORDER BY offset
"""
_EVENT_COLUMNS = ", ".join(
    f"toUnixTimestamp64Milli({one.name.removesuffix('_ms')})" if one.name.endswith("_ms") else f"`{one.name}`"
    for one in fields(AlertEvent)
)
_ALERTS = f"""
SELECT {_EVENT_COLUMNS} FROM {{database}}.alerts FINAL
WHERE log_partition = %(partition)s AND topic_id = %(topic_id)s
ORDER BY log_append_time, log_offset
"""
