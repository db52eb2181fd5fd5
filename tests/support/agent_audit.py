"""Compares what an agent collected, by its ledger, with what a log has, as its readers see it."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from confluent_kafka import Consumer, KafkaError, TopicPartition
from pulsemon_schemas.codec import decode
from pulsemon_schemas.partitioner import partition_for
from pulsemon_schemas.records import LogRecord, MetricBatch
from pulsemon_schemas.runtime.kafka import KafkaSettings, client_config
from pulsemon_schemas.validity import check
from support.agent_process import METRIC, value


@dataclass(frozen=True, slots=True)
class AgentAudit:
    """``moments`` are in the ledger; ``unwritten`` of them were being collected when the agent was killed."""

    moments: int
    samples: int
    repeats: int
    producers: int
    missing: int
    unwritten: int
    dropped: dict[str, int]


def read_topic(settings: KafkaSettings, topic: str, server_id: str) -> list[MetricBatch]:
    """Every batch of the server in the topic, in the order of the log; each is valid by the product's own rule."""
    consumer = Consumer({**client_config(settings), "group.id": "pulsemon-admin-audit", "enable.partition.eof": True})
    found: list[MetricBatch] = []
    try:
        count = len(consumer.list_topics(topic, timeout=20).topics[topic].partitions)
        place = TopicPartition(topic, partition_for(server_id.encode(), count), 0)
        consumer.assign([place])
        while True:
            message = consumer.poll(20)
            assert message is not None, "the broker does not answer"
            error = message.error()
            if error is not None:
                assert error.code() == KafkaError._PARTITION_EOF, error
                return found
            value, key, offset = message.value(), message.key(), message.offset()
            assert value is not None
            assert key is not None
            check(LogRecord(topic, place.partition, offset or 0, message.timestamp()[1], key, value), count)
            batch = decode(value)
            assert isinstance(batch, MetricBatch)
            found.append(batch)
    finally:
        consumer.close()


def as_the_engine_sees(batches: Iterable[MetricBatch]) -> list[MetricBatch]:
    """Without those whose sequence is not above the last of their producer: the engine's rule about duplicates."""
    last: dict[str, int] = {}
    kept = []
    for batch in batches:
        if batch.sequence > last.get(batch.producer_id, -1):
            last[batch.producer_id] = batch.sequence
            kept.append(batch)
    return kept


def audit_agent(ledger: Sequence[int], kills: Sequence[int], samples: int, log: Sequence[MetricBatch]) -> AgentAudit:
    """AssertionError if a reader of the log would miss, double or mistake anything that is not counted."""
    kept = as_the_engine_sees(log)
    by_identity = {(batch.producer_id, batch.sequence): batch for batch in reversed(log)}
    assert len(by_identity) == len(kept), "the engine would drop what no earlier batch was"
    for batch in log:
        first = by_identity[batch.producer_id, batch.sequence]
        assert (first.recorded_at_ms, first.values) == (batch.recorded_at_ms, batch.values), (
            "one identity, two contents"
        )
    _check_sequences(kept)
    seen: Counter[int] = Counter()
    for batch in kept:
        own = [one for one, name in zip(batch.values, batch.names, strict=True) if name == METRIC]
        assert own == [value(batch.recorded_at_ms, number) for number in range(len(own))]
        if own:
            assert len(own) == samples
            seen[batch.recorded_at_ms] += 1
    assert max(seen.values(), default=1) == 1, "a moment is in the log under two identities"
    assert set(seen) <= set(ledger)
    missing = sorted(set(ledger) - set(seen))
    unwritten = [moment for moment in missing if moment in kills]
    dropped: Counter[str] = Counter()
    for batch in kept:
        dropped.update(batch.dropped)
    return AgentAudit(
        moments=len(set(ledger)),
        samples=samples * len(seen),
        repeats=len(log) - len(kept),
        producers=len({batch.producer_id for batch in kept}),
        missing=len(missing) - len(unwritten),
        unwritten=len(unwritten),
        dropped=dict(dropped),
    )


def _check_sequences(kept: Sequence[MetricBatch]) -> None:
    """From 0 without holes; and each producer's batches name the last one of the producer before."""
    runs: dict[str, list[Any]] = {}
    for batch in kept:
        runs.setdefault(batch.producer_id, []).append(batch)
    previous = ("", -1)
    for producer_id, batches in runs.items():
        assert [batch.sequence for batch in batches] == list(range(len(batches))), f"{producer_id} has holes"
        named = {(batch.previous_producer_id, batch.previous_sequence) for batch in batches}
        assert named == {previous}, f"{producer_id} follows {previous}, and names {named}"
        previous = (producer_id, len(batches) - 1)
