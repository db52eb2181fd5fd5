"""Compares what the log holds with what the store holds: each batch, each sample and each Tick once, none besides."""

import math
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from pulsemon_deploy.kafka import topic_ids
from pulsemon_schemas.ticks import TICK_SERVER_ID
from pulsemon_schemas.topics import METRICS
from support.metrics_log import LogBatch, read_metrics
from support.stack import Stack
from support.waiting import wait_until

CAUGHT_UP_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Audit:
    """What was compared. The numbers are those of the log, and so of the store."""

    batches: int
    samples: int
    producers: int
    ticks: int


def audit(stack: Stack) -> Audit:
    """Waits until the store has what the log holds now, and compares. AssertionError names the first difference."""
    records = list(read_metrics(stack.own.kafka("operator")))
    log = [batch for batch in records if batch.key != TICK_SERVER_ID]
    ticks = {(batch.partition, batch.offset) for batch in records if batch.key == TICK_SERVER_ID}
    wanted = {(batch.fields["producer_id"], batch.fields["sequence"]) for batch in log}
    wait_until(lambda: wanted <= _stored_batches(stack).keys(), CAUGHT_UP_SECONDS, "the store has what the log holds")
    wait_until(lambda: ticks <= _stored_ticks(stack), CAUGHT_UP_SECONDS, "the store has the Ticks of the log")
    stored = _stored_batches(stack)
    rows = _stored_samples(stack, log)
    samples = 0
    for (server_id, recorded_at), batches in _by_moment(log).items():
        values = [value for batch in batches for value in batch.fields["values"] if math.isfinite(value)]
        count, total = rows.get((server_id, recorded_at), (0, 0.0))
        assert count == len(values), f"{server_id} {recorded_at}: {count} rows for {len(values)} samples"
        assert math.isclose(total, math.fsum(values), rel_tol=1e-9), f"{server_id} {recorded_at}: other values"
        samples += len(values)
    for batch in log:
        key = (batch.fields["producer_id"], batch.fields["sequence"])
        assert stored[key] == (1, len(batch.fields["values"])), f"{key}: stored {stored[key]}"
    return Audit(len(wanted), samples, len({producer for producer, _ in wanted}), len(ticks))


def sequences_without_holes(stack: Stack) -> None:
    """Every producer's sequence numbers in the log run from 0 to its last, each once or re-sent."""
    found: dict[str, set[int]] = defaultdict(set)
    for batch in read_metrics(stack.own.kafka("operator")):
        found[batch.fields["producer_id"]].add(batch.fields["sequence"])
    for producer, sequences in found.items():
        assert sequences == set(range(len(sequences))), f"{producer} has holes below {max(sequences)}"


def _by_moment(log: list[LogBatch]) -> dict[tuple[str, Any], list[LogBatch]]:
    """Batches of one server and moment; several producers of one server may share a moment, re-sent ones count once."""
    found: dict[tuple[str, Any], dict[tuple[str, int], LogBatch]] = defaultdict(dict)
    for batch in log:
        fields = batch.fields
        found[batch.key, fields["recorded_at"]][fields["producer_id"], fields["sequence"]] = batch
    return {moment: list(batches.values()) for moment, batches in found.items()}


def _stored_batches(stack: Stack) -> dict[tuple[str, int], tuple[int, int]]:
    """(producer_id, sequence) to how often it stands in the table, and its number of samples."""
    database = stack.own.clickhouse_reader().database
    sql = f"SELECT producer_id, sequence, count(), any(samples) FROM {database}.batches FINAL GROUP BY 1, 2"
    with stack.store() as store:
        return {(str(row[0]), int(row[1])): (int(row[2]), int(row[3])) for row in store.rows(sql)}


def _stored_ticks(stack: Stack) -> set[tuple[int, int]]:
    """Partition and offset of every stored Tick; AssertionError if one is there twice."""
    database = stack.own.clickhouse_reader().database
    with stack.store() as store:
        rows = store.rows(
            f"SELECT partition, offset FROM {database}.ticks FINAL WHERE topic_id = %(topic)s", _topic(stack)
        )
    found = {(int(row[0]), int(row[1])) for row in rows}
    assert len(found) == len(rows), "a Tick is stored twice"
    return found


def _topic(stack: Stack) -> dict[str, str]:
    """The metrics topic of now: a topic that was made anew has another id."""
    return {"topic": topic_ids(stack.own.kafka("admin"))[METRICS.name]}


def _stored_samples(stack: Stack, log: list[LogBatch]) -> dict[tuple[str, Any], tuple[int, float]]:
    """(server_id, recorded_at) to the number of stored samples and their sum, since the log's first moment."""
    database = stack.own.clickhouse_reader().database
    since = min(batch.fields["recorded_at"] for batch in log)
    sql = (
        f"SELECT server_id, recorded_at, count(), sumKahan(value) FROM {database}.samples FINAL "
        "WHERE recorded_at >= %(since)s GROUP BY 1, 2"
    )
    with stack.store() as store:
        rows = store.rows(sql, {"since": since.replace(tzinfo=None)})
    return {(str(row[0]), row[1]): (int(row[2]), float(row[3])) for row in rows}
