"""The questions of ``history`` over long windows, from a tier: averages weigh every sample alike, extremes are exact.

Of several series a server's largest is known by hour or minute, not by sample: its average is that of the largest
averages. A sum has no extremes but those of the tier's averages: peaks of its series need not have met.
"""

from collections.abc import Sequence

from pulsemon_sinks.reader.choice import Choice, Clause, Level, Window, counting, numbered, picked
from pulsemon_sinks.reader.history import LEVELS, filling, window_parameters
from pulsemon_sinks.reader.tiers import Reach, Tier, rows

_AVERAGE = "sum(average * weight) / sum(weight)"


def series(server_id: str, choices: Sequence[Choice], window: Window, tier: Tier, reached: Reach) -> Clause:
    """See Reader.series."""
    number = numbered(choices)
    source = rows(tier, reached, window, [server_id], lead_rows=1)
    sums = f"number IN ({picked(choices, 'sum')})"
    columns = ", ".join(
        f"if(countIf(number = {i}) = 0, NULL, sumIf(v * w, number = {i}) / sumIf(w, number = {i})) AS a{i}, "
        f"minOrNullIf(lo, number = {i}) AS lo{i}, maxOrNullIf(hi, number = {i}) AS hi{i}"
        for i in range(len(choices))
    )
    names = ", ".join(f"a{i}, lo{i}, hi{i}" for i in range(len(choices)))
    sql = f"""
WITH parts AS (
  SELECT {number.sql} AS number, labels, at, low, high, average, last, last_ms, weight FROM ({source.sql})
),
ones AS (
  SELECT number, at, weight, {_one(choices)} AS one,
    if(number IN ({counting(choices)}), one, low) AS one_low, if(number IN ({counting(choices)}), one, high) AS one_high
  FROM parts WHERE number >= 0
  WINDOW before AS (PARTITION BY number, labels ORDER BY at ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)
),
combined AS (
  SELECT number, at, toFloat64(max(weight)) AS w, if({sums}, sum(one), max(one)) AS v,
    if({sums}, sum(one), max(one_low)) AS lo, if({sums}, sum(one), max(one_high)) AS hi
  FROM ones WHERE isNotNull(one) AND at >= %(shown_from)s
  GROUP BY number, at
)
SELECT toFloat64(t) * 1000 AS x, {names}
FROM (
  SELECT {_bucket()} AS t, {columns}
  FROM combined GROUP BY t ORDER BY t {filling()}
)
"""
    shown_from = window.start_ms // 1000 // tier.seconds * tier.seconds
    return Clause(
        sql, {**number.parameters, **window_parameters(window), **source.parameters, "shown_from": shown_from}
    )


def metrics_of(server_id: str, window: Window, tier: Tier, reached: Reach) -> Clause:
    """See Reader.metrics_of."""
    source = rows(tier, reached, window, [server_id])
    sql = f"""
SELECT name, labels, argMaxMerge(now_state) AS now, min(low) AS low, max(high) AS high, groupArray(v) AS spark FROM (
  SELECT toString(name) AS name, toString(labels) AS labels, {_bucket()} AS t, {_AVERAGE} AS v, min(low) AS low,
    max(high) AS high, argMaxState(last, at) AS now_state
  FROM ({source.sql}) GROUP BY name, labels, t ORDER BY t
) GROUP BY name, labels ORDER BY name, labels
"""
    every = (
        f"(SELECT DISTINCT name FROM {{database}}.{tier.table} WHERE server_id IN %(server_ids)s AND "
        "starts_at >= toDateTime(%(rows_from)s, 'UTC') AND starts_at < toDateTime(%(rows_until)s, 'UTC') "
        "UNION DISTINCT SELECT name FROM {database}.latest WHERE server_id IN %(server_ids)s "
        "UNION DISTINCT SELECT name FROM {database}.samples WHERE server_id IN %(server_ids)s "
        "AND recorded_at >= toDateTime64(%(rows_until)s, 3, 'UTC'))"
    )
    return Clause(sql.replace("%(metrics)s", every), {**window_parameters(window), **source.parameters})


def fleet_quantiles(
    choice: Choice, window: Window, server_ids: Sequence[str] | None, tier: Tier, reached: Reach
) -> Clause:
    """See Reader.fleet_quantiles."""
    inner = by_server([choice], window, server_ids, tier, reached)
    sql = f"""
SELECT toFloat64(t) * 1000 AS x, p10, p50, p90, p99, servers
FROM (
  SELECT t, quantileOrNull(0.1)(v) AS p10, quantileOrNull(0.5)(v) AS p50, quantileOrNull(0.9)(v) AS p90,
    quantileOrNull(0.99)(v) AS p99, toFloat64(count()) AS servers
  FROM ({inner.sql}) GROUP BY t ORDER BY t {filling()}
)
"""
    return Clause(sql, inner.parameters)


def fleet_levels(
    choices: Sequence[tuple[Choice, Level]],
    window: Window,
    server_ids: Sequence[str] | None,
    tier: Tier,
    reached: Reach,
) -> Clause:
    """See Reader.fleet_levels."""
    inner = by_server([choice for choice, _ in choices], window, server_ids, tier, reached)
    columns = ", ".join(f"{LEVELS[level]}(v, number = {i}) AS v{i}" for i, (_, level) in enumerate(choices))
    names = ", ".join(f"v{i}" for i in range(len(choices)))
    sql = f"""
SELECT toFloat64(t) * 1000 AS x, {names}
FROM (SELECT t, {columns} FROM ({inner.sql}) GROUP BY t ORDER BY t {filling()})
"""
    return Clause(sql, inner.parameters)


def by_server(
    choices: Sequence[Choice], window: Window, server_ids: Sequence[str] | None, tier: Tier, reached: Reach
) -> Clause:
    """See ``history.by_server``."""
    number = numbered(choices)
    source = rows(tier, reached, window, server_ids)
    growth = "deltaSumTimestamp(last, last_ms) / ((max(last_ms) - min(last_ms)) / 1000)"
    sql = f"""
  SELECT server_id, number, t, if(number IN ({picked(choices, "sum")}), sum(one), max(one)) AS v FROM (
    SELECT server_id, number, labels, t, if(number IN ({counting(choices)}), {growth}, {_AVERAGE}) AS one FROM (
      SELECT server_id, {number.sql} AS number, labels, at, {_bucket()} AS t, average, last, last_ms, weight
      FROM ({source.sql})
    ) WHERE number >= 0 GROUP BY server_id, number, labels, t
  ) WHERE isFinite(one) GROUP BY server_id, number, t
"""
    return Clause(sql, {**number.parameters, **window_parameters(window), **source.parameters})


def _one(choices: Sequence[Choice]) -> str:
    """The average, or for a counter its growth a second since the row before: null where it starts or was reset."""
    value, at = "lagInFrame(toNullable(last)) OVER before", "lagInFrame(toNullable(last_ms)) OVER before"
    growth = f"if(isNull({at}) OR last < {value}, NULL, (last - {value}) / ((last_ms - assumeNotNull({at})) / 1000))"
    return f"if(number IN ({counting(choices)}), {growth}, toNullable(average))"


def _bucket() -> str:
    return "intDiv(toInt64(at), %(step)s) * %(step)s"
