"""What should be stored and is not: proven by the sequences of batches, and told by producers that had to drop samples.

A producer numbers its batches from 0 without holes, and names the last number of the one before it. So a hole is lost
batches, a first number above 0 a lost beginning, and a last number below the one that the next producer names a lost
end. What a producer dropped before it was numbered makes no hole: it is counted, in samples, in the next batch.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pulsemon_sinks.clickhouse.connection import Row
from pulsemon_sinks.reader.alerts import Ask

DAY_MS = 86_400_000
LOOK_BACK_MS = 2 * DAY_MS
"""Over all servers the batch before a hole, and the producer before another, are looked for so far back."""
EDGE_MS = DAY_MS
"""A producer that begins so close to the end of what is kept may have begun before."""
MOST_ROWS = 10_000

Kind = Literal["hole", "beginning", "end"]


@dataclass(frozen=True, slots=True)
class Missing:
    """Batches of one producer that are not stored. They were recorded after ``after_ms`` and before ``before_ms``.

    ``after_ms`` None: nothing of the producer is known before.
    """

    server_id: str
    producer_id: str
    kind: Kind
    batches: int
    after_ms: int | None
    before_ms: int


@dataclass(frozen=True, slots=True)
class Dropped:
    """Samples that a producer gave up, as the batch recorded at ``told_ms`` says, since the one at ``after_ms``."""

    server_id: str
    producer_id: str
    reason: str
    samples: int
    after_ms: int | None
    told_ms: int


@dataclass(frozen=True, slots=True)
class ProducerTotals:
    """What is stored of one producer in a window."""

    server_id: str
    producer_id: str
    source: str
    batches: int
    samples: int
    first_ms: int
    last_ms: int


@dataclass(frozen=True, slots=True)
class Completeness:
    """One server in a window."""

    server_id: str
    producers: tuple[ProducerTotals, ...]
    missing: tuple[Missing, ...]
    dropped: tuple[Dropped, ...]

    @property
    def batches(self) -> int:
        """Stored ones."""
        return sum(one.batches for one in self.producers)

    @property
    def samples(self) -> int:
        """Stored ones."""
        return sum(one.samples for one in self.producers)

    @property
    def missing_batches(self) -> int:
        """Over all producers."""
        return sum(one.batches for one in self.missing)

    @property
    def dropped_by_reason(self) -> dict[str, int]:
        """Samples."""
        reasons = sorted({one.reason for one in self.dropped})
        return {reason: sum(one.samples for one in self.dropped if one.reason == reason) for reason in reasons}

    @property
    def share(self) -> float:
        """Stored samples of all there should be; a missing batch counts like the average of those stored."""
        if self.is_complete:
            return 1.0
        each = self.samples / self.batches if self.batches else 1.0
        lost = self.missing_batches * each + sum(self.dropped_by_reason.values())
        return self.samples / (self.samples + lost)

    @property
    def is_complete(self) -> bool:
        """Whether nothing is known to be missing."""
        return not self.missing and not self.dropped


def completeness(
    ask: Ask, start_ms: int, end_ms: int, server_ids: Sequence[str] | None, kept_from_ms: int
) -> tuple[Completeness, ...]:
    """Every server with batches in [start, end), by id. Errors as Store.

    ``kept_from_ms``: from which time on batches are still kept.
    """
    look_back_ms = max(start_ms - LOOK_BACK_MS, 0) if server_ids is None else 0
    parameters: dict[str, Any] = {
        "start": start_ms,
        "end": end_ms,
        "from": max(look_back_ms, kept_from_ms),
        "edge": kept_from_ms + EDGE_MS,
    }
    only = "1"
    if server_ids is not None:
        only, parameters["server_ids"] = "server_id IN %(server_ids)s", ["", *server_ids]
    totals = [ProducerTotals(*row) for row in ask(_TOTALS.replace("{only}", only), parameters)]
    missing = [Missing(*row) for sql in (_HOLES, _ENDS) for row in ask(sql.replace("{only}", only), parameters)]
    dropped = [one for row in ask(_DROPPED.replace("{only}", only), parameters) for one in _dropped(row)]
    return tuple(
        Completeness(
            server_id,
            tuple(one for one in totals if one.server_id == server_id),
            tuple(sorted((one for one in missing if one.server_id == server_id), key=lambda one: one.before_ms)),
            tuple(one for one in dropped if one.server_id == server_id),
        )
        for server_id in sorted({one.server_id for one in totals})
    )


def _dropped(row: Row) -> list[Dropped]:
    server_id, producer_id, reasons, after_ms, told_ms = row
    counts: Mapping[str, int] = reasons
    return [
        Dropped(server_id, producer_id, reason, count, after_ms or None, told_ms)
        for reason, count in sorted(counts.items())
        if count > 0
    ]


_AT = "recorded_at >= fromUnixTimestamp64Milli(toInt64(%({})s))"
_BEFORE_END = "recorded_at < fromUnixTimestamp64Milli(toInt64(%(end)s))"
_MS = "toUnixTimestamp64Milli({})"

_TOTALS = f"""
SELECT server_id, producer_id, toString(any(source)), count(), sum(samples), {_MS.format("min(recorded_at)")},
  {_MS.format("max(recorded_at)")}
FROM {{database}}.batches FINAL
WHERE {{only}} AND {_AT.format("start")} AND {_BEFORE_END}
GROUP BY server_id, producer_id ORDER BY server_id, 6
"""

_WITH_THE_ONE_BEFORE = f"""
SELECT server_id, producer_id, sequence, dropped, recorded_at,
  lagInFrame(sequence, 1, sequence) OVER before AS last_sequence,
  lagInFrame({_MS.format("recorded_at")}, 1, 0) OVER before AS last_ms
FROM {{database}}.batches FINAL WHERE {{only}} AND {_AT.format("from")} AND {_BEFORE_END}
WINDOW before AS (
  PARTITION BY server_id, producer_id ORDER BY sequence ROWS BETWEEN 1 PRECEDING AND CURRENT ROW
)
"""

_HOLES = f"""
SELECT server_id, producer_id, 'hole', sequence - last_sequence - 1, last_ms, {_MS.format("recorded_at")}
FROM ({_WITH_THE_ONE_BEFORE}) WHERE sequence > last_sequence + 1 AND {_AT.format("start")}
ORDER BY server_id, recorded_at LIMIT {MOST_ROWS}
"""

_DROPPED = f"""
SELECT server_id, producer_id, dropped, last_ms, {_MS.format("recorded_at")}
FROM ({_WITH_THE_ONE_BEFORE}) WHERE notEmpty(dropped) AND {_AT.format("start")}
ORDER BY server_id, recorded_at LIMIT {MOST_ROWS}
"""

_ENDS = f"""
WITH lives AS (
  SELECT server_id, producer_id, min(sequence) AS low, max(sequence) AS high, min(recorded_at) AS first,
    max(recorded_at) AS last, argMin(previous_producer_id, sequence) AS previous,
    argMin(previous_sequence, sequence) AS previous_high
  FROM {{database}}.batches FINAL WHERE {{only}} AND {_AT.format("from")} GROUP BY server_id, producer_id
)
SELECT * FROM (
  SELECT later.server_id AS server, earlier.producer_id, 'end', later.previous_high - earlier.high,
    {_MS.format("earlier.last")}, {_MS.format("later.first")} AS before_ms
  FROM lives AS later JOIN lives AS earlier
    ON earlier.server_id = later.server_id AND earlier.producer_id = later.previous
  WHERE later.previous_high > earlier.high
  UNION ALL
  SELECT server_id, producer_id, 'beginning', low, NULL, {_MS.format("first")}
  FROM lives WHERE low > 0 AND first >= fromUnixTimestamp64Milli(toInt64(%(edge)s))
)
WHERE before_ms >= %(start)s AND before_ms < %(end)s ORDER BY server, before_ms LIMIT {MOST_ROWS}
"""
