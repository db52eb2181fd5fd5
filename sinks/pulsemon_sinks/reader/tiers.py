"""Which tier answers a question, and its rows: minutes, hours or days as far as they are made, then raw samples.

Raw samples are brought into the shape of the tier, so that every question over tiers has one text.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pulsemon_sinks.clickhouse.connection import Store
from pulsemon_sinks.clickhouse.ttl import ttls
from pulsemon_sinks.reader.choice import Clause, Window

RAW_SECONDS = 21_600
"""Up to so long a window is read from the raw samples: they are few, and nothing is newer."""
DAY_SECONDS = 86_400
ROWS_A_BUCKET = 4
"""A step that is no multiple of a tier's needs so many of its rows a bucket, or buckets would differ in length. So does
a counter, whose growth in a bucket is seen between rows."""


@dataclass(frozen=True, slots=True)
class Tier:
    """A table, and how long a row of it is."""

    table: str
    seconds: int


RAW = Tier("samples", 0)
MINUTES = Tier("samples_1m", 60)
HOURS = Tier("samples_1h", 3600)
DAYS = Tier("samples_1d", DAY_SECONDS)
TIERS = (MINUTES, HOURS, DAYS)


@dataclass(frozen=True, slots=True)
class Reach:
    """Up to which time rollups are made (epoch seconds; 0: there are none), and how long the engine keeps each table.

    ``kept_seconds`` by table; None, or no word of it: for ever.
    """

    made_before: int = 0
    kept_seconds: Mapping[str, int | None] = field(default_factory=dict)

    def tier(self, window: Window, now_ms: int, *, has_counters: bool = False) -> Tier | None:
        """The tier for a window: the coarsest that its step allows, or a coarser one where finer rows are gone.

        None for the raw samples.
        """
        age_seconds = (now_ms - window.start_ms) // 1000
        is_short = window.end_ms - window.start_ms <= RAW_SECONDS * 1000
        has_raw = self._has(RAW, age_seconds)
        if (is_short and has_raw) or self.made_before * 1000 <= window.start_ms:
            return None
        fitting = [one for one in TIERS if _fits(one, window.step_seconds, has_counters)]
        if not fitting and has_raw:
            return None
        wanted = TIERS.index(fitting[-1]) if fitting else 0
        return next((one for one in TIERS[wanted:] if self._has(one, age_seconds)), DAYS)

    def _has(self, tier: Tier, age_seconds: int) -> bool:
        kept = self.kept_seconds.get(tier.table)
        return kept is None or age_seconds < kept


def reach(store: Store, database: str) -> Reach:
    """As far as rollups are made without a hole: up to the last run, or to what somebody asked for since. As Store."""
    sql = f"""
SELECT (SELECT max(done_before) FROM {database}.rollup_cursors WHERE topic = 'hours'),
  (SELECT min(arrayMin(hours)) FROM {database}.rollup_requests WHERE notEmpty(hours)
   AND id NOT IN (SELECT topic_id FROM {database}.rollup_cursors WHERE topic = 'request') HAVING count() > 0)
"""
    made, asked = store.rows(sql)[0]
    kept = {table: ttl.seconds for table, ttl in ttls(store, database).items()}
    return Reach(min(made or 0, made if asked is None else asked) * 3600, kept)


def rows(
    tier: Tier,
    reached: Reach,
    window: Window,
    server_ids: Sequence[str] | None,
    lead_rows: int = 0,
    condition: str = "name IN %(metrics)s",
) -> Clause:
    """Rows (server_id, name, labels, at, low, high, average, last, last_ms, weight) of the ``metrics`` of a window.

    ``server_ids`` None: of all servers. ``lead_rows``: so many more before the window. ``condition``: of name and
    labels, which are columns of the key, so it may come before FINAL. A row is alone in its tier and time.
    """
    only = "" if server_ids is None else "AND server_id IN %(server_ids)s"
    bounds = _bounds(tier, reached, window, lead_rows)
    made = f"""
  SELECT server_id, name, labels, toUnixTimestamp(starts_at) AS at, toFloat64(min_value) AS low,
    toFloat64(max_value) AS high, toFloat64(avg_value) AS average, last_value AS last,
    toUnixTimestamp64Milli(last_at) AS last_ms, toUInt64(samples) AS weight
  FROM {{database}}.{tier.table} FINAL
  PREWHERE {condition} {only} AND starts_at >= toDateTime(%(rows_from)s, 'UTC')
    AND starts_at < toDateTime(%(rows_until)s, 'UTC')
"""
    fresh = f"""
  UNION ALL
  SELECT server_id, name, labels, toUInt32(intDiv(toUnixTimestamp(recorded_at), {tier.seconds}) * {tier.seconds}) AS at,
    min(value), max(value), avg(value), argMax(value, recorded_at), toUnixTimestamp64Milli(max(recorded_at)), count()
  FROM {{database}}.samples
  WHERE {condition} {only} AND recorded_at >= toDateTime64(%(rows_until)s, 3, 'UTC')
    AND recorded_at < fromUnixTimestamp64Milli(%(end_ms)s)
  GROUP BY server_id, name, labels, at
"""
    is_whole = bounds["rows_until"] * 1000 >= window.end_ms
    return Clause(made if is_whole else made + fresh, {**bounds, **_only(server_ids)})


def _bounds(tier: Tier, reached: Reach, window: Window, lead_rows: int) -> dict[str, Any]:
    """In whole rows of the tier; the newest one that is made and ends before the window does is the last one read."""
    step = tier.seconds
    first = window.start_ms // 1000 // step * step - lead_rows * step
    until = min(reached.made_before, window.end_ms // 1000) // step * step
    return {"rows_from": max(first, 0), "rows_until": max(until, first), "end_ms": window.end_ms}


def _only(server_ids: Sequence[str] | None) -> Mapping[str, Any]:
    """ClickHouse refuses an empty list, so that one stands for a server that cannot be."""
    return {} if server_ids is None else {"server_ids": ["", *server_ids]}


def _fits(tier: Tier, step_seconds: int, has_counters: bool) -> bool:
    is_enough = step_seconds >= ROWS_A_BUCKET * tier.seconds
    return is_enough or (step_seconds % tier.seconds == 0 and not has_counters)
