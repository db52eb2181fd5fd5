"""The records behind an alert as the store has them, for when Kafka's retention has passed them by.

A row of ``batches`` is a record of the log, and ``samples`` has its values by time. Where batches of several producers
of one server have the same time, nothing stored says which of them a series came in: it is taken to be of the producer
whose batches have most of the times at which the series has samples.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pulsemon_sinks.clickhouse.connection import Row

LIFE_MARK = "/"
LOOK_BACK_MS = 600_000
"""So far before the records themselves producers are told apart by the times of their batches."""

Ask = Callable[[str, Mapping[str, Any]], list[Row]]


@dataclass(frozen=True, slots=True)
class Span:
    """Offsets first..last, both included, of one partition in one life of the metrics topic."""

    topic_id: str
    partition: int
    first_offset: int
    last_offset: int


@dataclass(frozen=True, slots=True)
class Series:
    """What an alert is about; without a metric it is the server's batches themselves."""

    server_id: str
    metric: str
    labels: str


@dataclass(frozen=True, slots=True)
class Seen:
    """One batch of the server; ``value`` is that of the series, None for a batch that is shown for itself.

    ``samples`` is how many the batch holds. ``origin`` is where it was read: kafka or clickhouse.
    """

    offset: int
    recorded_at_ms: int
    sequence: int
    source: str
    samples: int
    value: float | None
    origin: str


@dataclass(frozen=True, slots=True)
class _Stored:
    """A row of ``batches``; ``is_asked``: 1 for one of the span, 0 for one near it in time."""

    offset: int
    producer_id: str
    sequence: int
    source: str
    samples: int
    recorded_at_ms: int
    is_asked: int


def behind(ask: Ask, series: Series, span: Span) -> tuple[Seen, ...]:
    """The batches of the span that hold the series, in order of their offsets. Errors as Store.

    Values that are no finite numbers are not stored, nor judged.
    """
    if not series.metric:
        return tuple(_seen(one, None) for one in _batches(ask, series.server_id, span, 0) if one.is_asked)
    batches = _batches(ask, series.server_id, span, LOOK_BACK_MS)
    times = [one.recorded_at_ms for one in batches]
    values = _values(ask, series, min(times), max(times)) if times else {}
    holders = _holders(batches, values.keys())
    return tuple(
        _seen(one, values[one.recorded_at_ms])
        for one in batches
        if one.is_asked and holders.get(one.recorded_at_ms) == one.producer_id
    )


def _seen(one: _Stored, value: float | None) -> Seen:
    return Seen(one.offset, one.recorded_at_ms, one.sequence, one.source, one.samples, value, "clickhouse")


def _batches(ask: Ask, server_id: str, span: Span, look_back_ms: int) -> Sequence[_Stored]:
    """Those of the span, and the server's others of that time. Where an offset was used again the later one counts."""
    asked = (
        "(topic_id = %(topic_id)s OR startsWith(topic_id, %(life)s)) AND partition = %(partition)s "
        "AND offset BETWEEN %(first)s AND %(last)s"
    )
    sql = f"""
WITH asked AS (SELECT recorded_at FROM {{database}}.batches FINAL WHERE server_id = %(server_id)s AND {asked})
SELECT offset, producer_id, sequence, source, samples, toUnixTimestamp64Milli(recorded_at), {asked}
FROM {{database}}.batches FINAL
WHERE server_id = %(server_id)s
  AND recorded_at >= (SELECT min(recorded_at) FROM asked) - toIntervalMillisecond(%(look_back_ms)s)
  AND recorded_at <= (SELECT max(recorded_at) FROM asked)
ORDER BY offset, precedence
"""
    parameters = {
        "server_id": server_id,
        "topic_id": span.topic_id,
        "life": f"{span.topic_id}{LIFE_MARK}",
        "partition": span.partition,
        "first": span.first_offset,
        "last": span.last_offset,
        "look_back_ms": look_back_ms,
    }
    found = [_Stored(*row) for row in ask(sql, parameters)]
    newest: dict[int, _Stored] = {}
    for one in found:
        if one.is_asked:
            newest.setdefault(one.offset, one)
    return [one for one in found if not one.is_asked or newest[one.offset] is one]


def _values(ask: Ask, series: Series, first_ms: int, last_ms: int) -> Mapping[int, float]:
    sql = """
SELECT toUnixTimestamp64Milli(recorded_at), value FROM {database}.samples FINAL
WHERE name = %(metric)s AND server_id = %(server_id)s AND labels = %(labels)s
  AND recorded_at >= fromUnixTimestamp64Milli(toInt64(%(first)s))
  AND recorded_at <= fromUnixTimestamp64Milli(toInt64(%(last)s))
"""
    parameters = {"metric": series.metric, "server_id": series.server_id, "labels": series.labels}
    return dict(ask(sql, {**parameters, "first": first_ms, "last": last_ms}))


def _holders(batches: Sequence[_Stored], times: Any) -> Mapping[int, str]:
    """By time the producer whose batch has the series; see the module."""
    known = Counter(one.producer_id for one in batches if one.recorded_at_ms in times)
    others = Counter(one.producer_id for one in batches)
    found: dict[int, str] = {}
    for one in sorted(batches, key=lambda one: (-known[one.producer_id], others[one.producer_id], one.offset)):
        if one.recorded_at_ms in times:
            found.setdefault(one.recorded_at_ms, one.producer_id)
    return found
