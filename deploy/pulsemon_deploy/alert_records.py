"""The records behind an alert, read again: from Kafka, and from the store what retention has removed there."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from confluent_kafka import Consumer, KafkaException, Message, TopicPartition
from pulsemon_schemas.codec import decode
from pulsemon_schemas.errors import ContractError, TransientError
from pulsemon_schemas.records import MetricBatch
from pulsemon_schemas.runtime.kafka import KafkaSettings, consumer_config
from pulsemon_schemas.topics import METRICS
from pulsemon_sinks.reader.behind import Ask, Seen, Series, Span, behind

from pulsemon_deploy.kafka import topic_ids
from pulsemon_deploy.log_reading import read_range

GROUP_ID = "pulsemon-operator-records"
TIMEOUT_SECONDS = 10.0
POLL_RECORDS = 1000
QUIET = {"log_level": 2}


@dataclass(frozen=True, slots=True)
class Found:
    """The server's batches of a span that hold the series. ``missing`` says what Kafka has not any more, "" if nothing.

    ``gone`` is that part of the span.
    """

    records: tuple[Seen, ...]
    missing: str = ""
    gone: Span | None = None


def completed(found: Found, ask: Ask, series: Series) -> Found:
    """With what the store has of the part that is gone, and a word about it. Errors as Store."""
    if found.gone is None:
        return found
    stored = behind(ask, series, found.gone)
    told = (
        f"{len(stored)} of these are shown as ClickHouse has stored them"
        if stored
        else "ClickHouse has none of them either: it keeps them for 14 days"
    )
    return replace(found, records=(*stored, *found.records), missing=f"{found.missing}; {told}")


def reread(settings: KafkaSettings, series: Series, span: Span, topic: str = METRICS.name) -> Found:
    """What Kafka has of a span. Raises TransientError if the broker does not answer."""
    consumer = Consumer({**consumer_config(settings, GROUP_ID, GROUP_ID), **QUIET})
    try:
        if topic_ids(settings, [topic]).get(topic) != span.topic_id:
            return Found((), f"{topic} was made anew since, so the records are gone with the old one", span)
        place = TopicPartition(topic, span.partition)
        first, end = consumer.get_watermark_offsets(place, TIMEOUT_SECONDS)
        missing, gone = missing_of(span, first, topic), gone_of(span, first)
        start = max(span.first_offset, first)
        if start > span.last_offset:
            return Found((), missing, gone)
        consumer.assign([TopicPartition(topic, span.partition, start)])
        messages = read_range(consumer, topic, start, min(span.last_offset + 1, end), POLL_RECORDS)
        batches = _batches(messages, series.server_id)
        return Found(tuple(seen for offset, one in batches for seen in _seen(series, offset, one)), missing, gone)
    except KafkaException as error:
        raise TransientError(
            f"Kafka at {settings.bootstrap} does not answer: {error}. Is `pulsemon up` running?"
        ) from error
    finally:
        consumer.close()


def missing_of(span: Span, log_start: int, topic: str = METRICS.name) -> str:
    """What retention removed of a span, given the first offset that the log still has; "" if all is there."""
    if (gone := gone_of(span, log_start)) is None:
        return ""
    what = "all records" if gone.last_offset == span.last_offset else "the records"
    where = f"partition {span.partition} of {topic} now begins at {log_start}"
    return f"retention removed {what} {gone.first_offset}-{gone.last_offset}: {where}"


def gone_of(span: Span, log_start: int) -> Span | None:
    """The part of a span before the log's beginning, None if there is none."""
    if log_start <= max(span.first_offset, 0):
        return None
    return replace(span, last_offset=min(span.last_offset, log_start - 1))


def _seen(series: Series, offset: int, batch: MetricBatch) -> Iterator[Seen]:
    """The batch if it holds the series with a value that was judged: a finite one."""
    one = Seen(offset, batch.recorded_at_ms, batch.sequence, batch.source, len(batch.values), None, "kafka")
    if not series.metric:
        yield one
        return
    for name, labels, value in zip(batch.names, batch.labels, batch.values, strict=True):
        if (name, labels) == (series.metric, series.labels) and math.isfinite(value):
            yield replace(one, value=value)


def _batches(messages: Iterable[Message], server_id: str) -> Iterator[tuple[int, MetricBatch]]:
    key = server_id.encode()
    for message in messages:
        batch = _batch(message.value() or b"") if message.key() == key else None
        if batch is not None:
            yield message.offset() or 0, batch


def _batch(value: bytes) -> MetricBatch | None:
    try:
        record = decode(value)
    except ContractError:
        return None
    return record if isinstance(record, MetricBatch) else None
