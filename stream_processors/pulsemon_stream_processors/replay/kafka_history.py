"""The logs as Kafka has them now."""

import json
import time
from collections.abc import Iterator, Mapping, Sequence

from confluent_kafka import Consumer, KafkaException, Message, TopicPartition
from confluent_kafka.admin import AdminClient
from pulsemon_schemas import codec
from pulsemon_schemas.errors import ContractError, TransientError
from pulsemon_schemas.history import Span
from pulsemon_schemas.records import ControlRecord, LogRecord
from pulsemon_schemas.runtime.kafka import KafkaSettings, client_config, consumer_config
from pulsemon_schemas.runtime.topic_identity import identify
from pulsemon_schemas.topics import ALERTS, CONTROL, FLEET_EVENTS, METRICS

READ_RECORDS = 5000
POLL_SECONDS = 0.03
"""Kafka's client waits for that long even when the end of the partition is reached."""
SILENCE_SECONDS = 15.0
TIMEOUT_SECONDS = 10.0
RECENT_MS = 15 * 60 * 1000
"""Where the topic of events is read from to find how far each partition is: a Tick of each is there within seconds."""
QUIET: Mapping[str, int] = {"log_level": 2}


class KafkaHistory:
    """See ``LogHistory``. ``group_id`` is only what the ACLs ask for; it is never joined. ``prefix`` is of all topics.

    Raises TransientError if Kafka does not answer.
    """

    origin = "kafka"

    def __init__(self, kafka: KafkaSettings, group_id: str, prefix: str = "") -> None:
        self._kafka = kafka
        self._prefix = prefix
        identity = identify(AdminClient({**client_config(kafka), **QUIET}), f"{prefix}{METRICS.name}")
        self.topic_id, self.partition_count = identity.topic_id, identity.partition_count
        self._consumer = Consumer(
            {
                **consumer_config(kafka, group_id, group_id),
                **QUIET,
                "enable.partition.eof": True,
                "fetch.wait.max.ms": 50,
            }
        )
        self._judged: dict[int, int] | None = None
        self._gaps = 0

    def close(self) -> None:
        """Ends the connection."""
        self._consumer.close()

    def control(self) -> Iterator[tuple[int, ControlRecord | None]]:
        """See ``LogHistory``."""
        for message in self._read(CONTROL.name, 0, self._range(CONTROL.name, 0)):
            try:
                record = codec.decode(message.value() or b"")
            except ContractError:
                record = None
            yield message.offset() or 0, record if isinstance(record, ControlRecord) else None

    def span(self, partition: int, until_ms: int | None) -> Span:
        """See ``LogHistory``. A Tick's own event says how far the live processor is, with all that it wrote."""
        first, end = self._range(METRICS.name, partition)
        if self._judged is None:
            self._judged = self._find_judged()
        judged = min(end, self._judged.get(partition, -1) + 1)
        if until_ms is not None:
            judged = min(judged, self._offset_at(METRICS.name, partition, until_ms, end))
        return Span(first, max(first, judged))

    def records(self, partition: int, span: Span) -> Iterator[LogRecord]:
        """See ``LogHistory``."""
        expected = span.first_offset
        for message in self._read(METRICS.name, partition, span):
            offset, key, value = message.offset() or 0, message.key(), message.value()
            self._gaps += offset - expected
            expected = offset + 1
            lacks = key is None, value is None
            time_ms = message.timestamp()[1]
            yield LogRecord(METRICS.name, partition, offset, time_ms, key or b"", value or b"", *lacks)

    def alerts(self, partition: int) -> Iterator[tuple[bytes, bytes]]:
        """See ``LogHistory``."""
        for message in self._read(ALERTS.name, partition, self._range(ALERTS.name, partition)):
            yield message.key() or b"", message.value() or b""

    def doubts(self) -> Sequence[str]:
        """See ``LogHistory``."""
        return (f"{self._gaps} offsets of the metrics log have no record",) if self._gaps else ()

    def _find_judged(self) -> dict[int, int]:
        whole = self._range(FLEET_EVENTS.name, 0)
        recent = self._offset_at(FLEET_EVENTS.name, 0, int(time.time() * 1000) - RECENT_MS, whole.end_offset)
        found = self._told(Span(recent, whole.end_offset))
        if len(found) < self.partition_count:
            found = self._told(whole)
        return found

    def _told(self, span: Span) -> dict[int, int]:
        found: dict[int, int] = {}
        for message in self._read(FLEET_EVENTS.name, 0, span):
            try:
                body = json.loads(message.value() or b"")
                if body["topic_id"] == self.topic_id and body["type"] == "time":
                    found[body["partition"]] = body["offset"]
            except (ValueError, KeyError, TypeError):
                continue
        return found

    def _range(self, topic: str, partition: int) -> Span:
        try:
            place = TopicPartition(f"{self._prefix}{topic}", partition)
            first, end = self._consumer.get_watermark_offsets(place, TIMEOUT_SECONDS)
        except KafkaException as error:
            raise self._away(f"does not say where {topic}:{partition} begins and ends: {error}") from error
        return Span(int(first), int(end))

    def _offset_at(self, topic: str, partition: int, time_ms: int, end_offset: int) -> int:
        """The first record at or after a time; the end if there is none."""
        try:
            place = TopicPartition(f"{self._prefix}{topic}", partition, time_ms)
            (found,) = self._consumer.offsets_for_times([place], TIMEOUT_SECONDS)
        except KafkaException as error:
            raise self._away(f"does not find {topic}:{partition} by time: {error}") from error
        return int(found.offset) if found.offset >= 0 else end_offset

    def _read(self, topic: str, partition: int, span: Span) -> Iterator[Message]:
        """The committed records of a span; what transactions leave behind has offsets and no record."""
        if span.first_offset >= span.end_offset:
            return
        self._consumer.assign([TopicPartition(f"{self._prefix}{topic}", partition, span.first_offset)])
        silent_since = time.monotonic()
        while True:
            messages = self._consumer.consume(READ_RECORDS, POLL_SECONDS)
            if not messages and time.monotonic() - silent_since > SILENCE_SECONDS:
                raise self._away(f"gave nothing of {topic}:{partition} for {SILENCE_SECONDS:.0f} s")
            for message in messages:
                if (error := message.error()) is not None:
                    if error.code() == error._PARTITION_EOF:  # noqa: SLF001 - the library's public name for it
                        return
                    raise self._away(f"cannot be read on in {topic}:{partition}: {error}")
                if (message.offset() or 0) >= span.end_offset:
                    return
                yield message
                if (message.offset() or 0) == span.end_offset - 1:
                    return
            if messages:
                silent_since = time.monotonic()

    def _away(self, what: str) -> TransientError:
        return TransientError(
            f"Kafka at {self._kafka.bootstrap} {what}. Nothing was changed; see with `pulsemon status` whether it "
            "runs, then do the same again."
        )
