"""The questions of ``history`` over long windows, from a tier: averages weigh every sample alike, extremes are exact.

Of several series a server's largest is known by hour or minute, not by sample: its average is that of the largest
averages. A sum has no extremes but those of the tier's averages: peaks of its series need not have met.
"""

from collections.abc import Sequence

from pulsemon_sinks.reader.choice import Choice, Clause, Level, Window, for_counters, for_sums, numbered
from pulsemon_sinks.reader.history import levels, numbers_of, quantiles, window_parameters
from pulsemon_sinks.reader.tiers import Reach, Tier, rows

_AVERAGE = "sum(average * weight) / sum(weight)"
_WINDOW = "WINDOW before AS (PARTITION BY number, labels ORDER BY at ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)"


def series(server_id: str, choices: Sequence[Choice], window: Window, tier: Tier, reached: Reach) -> Clause:
    """See Reader.series. Rows of (number of the choice or -1, bucket t, average a, lo, hi)."""
    number = numbered(choices)
    source = rows(tier, reached, window, [server_id], 1, number.condition)
    has_counters = any(one.is_counter for one in choices)
    sql = f"""
SELECT number, {_bucket()} AS t, sum(v * w) / sum(w) AS a, min(lo) AS lo, max(hi) AS hi FROM (
  SELECT number, at, toFloat64(max(weight)) AS w, {for_sums(choices, "sum(one)", "max(one)")} AS v,
    {for_sums(choices, "v", f"max({for_counters(choices, 'one', 'low')})")} AS lo,
    {for_sums(choices, "v", f"max({for_counters(choices, 'one', 'high')})")} AS hi
  FROM (
    SELECT {number.number} AS number, labels, at, weight, low, high, {_one(choices)} AS one
    FROM ({source.sql}) {_WINDOW if has_counters else ""}
  ) WHERE isNotNull(one) AND at >= %(shown_from)s
  GROUP BY number, at
) GROUP BY number, t
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
    """See ``history.fleet_quantiles``."""
    return quantiles(by_server([choice], window, server_ids, tier, reached))


def fleet_levels(
    choices: Sequence[tuple[Choice, Level]],
    window: Window,
    server_ids: Sequence[str] | None,
    tier: Tier,
    reached: Reach,
) -> Clause:
    """See ``history.fleet_levels``."""
    plain = [choice for choice, _ in choices]
    return levels([level for _, level in choices], by_server(plain, window, server_ids, tier, reached))


def by_server(
    choices: Sequence[Choice], window: Window, server_ids: Sequence[str] | None, tier: Tier, reached: Reach
) -> Clause:
    """See ``history.by_server``."""
    number = numbered(choices)
    source = rows(tier, reached, window, server_ids, condition=number.condition)
    growth = "deltaSumTimestamp(last, last_ms) / ((max(last_ms) - min(last_ms)) / 1000)"
    sql = f"""
  SELECT server_id, number, t, {for_sums(choices, "sum(one)", "max(one)")} AS v FROM (
    SELECT server_id, {number.number} AS number, labels, {_bucket()} AS t,
      {for_counters(choices, growth, _AVERAGE)} AS one
    FROM ({source.sql}) GROUP BY server_id, number, labels, t
  ) WHERE {numbers_of(number)}isFinite(one) GROUP BY server_id, number, t
"""
    return Clause(sql, {**number.parameters, **window_parameters(window), **source.parameters})


def _one(choices: Sequence[Choice]) -> str:
    """The average, or for a counter its growth a second since the row before: null where it starts or was reset."""
    value, at = "lagInFrame(toNullable(last)) OVER before", "lagInFrame(toNullable(last_ms)) OVER before"
    growth = f"if(isNull({at}) OR last < {value}, NULL, (last - {value}) / ((last_ms - assumeNotNull({at})) / 1000))"
    return for_counters(choices, growth, "toNullable(average)")


def _bucket() -> str:
    return "intDiv(toInt64(at), %(step)s) * %(step)s"
