"""The questions of ``history`` over long windows, from a tier: averages weigh every sample alike, extremes are exact.

Of several series a server's largest is known by hour or minute, not by sample: its average is that of the largest
averages. A sum has no extremes but those of the tier's averages: peaks of its series need not have met.
"""

from collections.abc import Sequence

from pulsemon_sinks.reader.choice import Choice, Clause, Level, Window, for_counters, for_sums, looked_up, numbered
from pulsemon_sinks.reader.history import levels, numbers_of, window_parameters
from pulsemon_sinks.reader.tiers import Reach, Tier, rows

_AVERAGE = "sum(average * weight) / sum(weight)"


def series(server_id: str, choices: Sequence[Choice], window: Window, tier: Tier, reached: Reach) -> Clause:
    """See ``history.series``. A point is a row of the tier: (at, one, low, high, weight, last, last_ms)."""
    number = looked_up(choices)
    source = rows(tier, reached, window, [server_id], 1, number.condition)
    rates = (
        "arrayMap((x, y) -> (x.1, if(x.6 < y.6, nan, (x.6 - y.6) * 1000 / (x.7 - y.7)) AS r, r, r, x.5, x.6, x.7), "
        "arrayPopFront(points), arrayPopBack(points))"
    )
    sql = f"""
SELECT number, {_bucket()} AS t, sum(v * w) / sum(w) AS a, min(lo) AS lo, max(hi) AS hi FROM (
  SELECT number, point.1 AS at, max(point.5) AS w, {for_sums(choices, "sum(point.2)", "max(point.2)")} AS v,
    {for_sums(choices, "v", "max(point.3)")} AS lo, {for_sums(choices, "v", "max(point.4)")} AS hi
  FROM (
    SELECT splitByChar(',', toString(labels)) AS tags, {number.number} AS number,
      {for_counters(choices, rates, "points")} AS shown,
      arraySort(groupArray((at, average, low, high, toFloat64(weight), last, last_ms))) AS points
    FROM ({source.sql}) GROUP BY name, labels
  ) ARRAY JOIN shown AS point
  WHERE isFinite(point.2) AND point.1 >= %(shown_from)s GROUP BY number, at
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
    value = for_sums(choices, "sum(one)", "max(one)")
    if are_rows_buckets(choices, window, tier):
        sql = f"""
  SELECT server_id, {number.number} AS number, toInt64(at) AS t, {value} AS v
  FROM (SELECT server_id, name, labels, at, average AS one FROM ({source.sql}))
  {"WHERE number >= 0" if numbers_of(number) else ""} GROUP BY server_id, number, t
"""
    else:
        growth = "deltaSumTimestamp(last, last_ms) / ((max(last_ms) - min(last_ms)) / 1000)"
        sql = f"""
  SELECT server_id, number, t, {value} AS v FROM (
    SELECT server_id, {number.number} AS number, labels, {_bucket()} AS t,
      {for_counters(choices, growth, _AVERAGE)} AS one
    FROM ({source.sql}) GROUP BY server_id, number, labels, t
  ) WHERE {numbers_of(number)}isFinite(one) GROUP BY server_id, number, t
"""
    return Clause(sql, {**number.parameters, **window_parameters(window), **source.parameters})


def alone(choice: Choice, window: Window, server_ids: Sequence[str] | None, tier: Tier, reached: Reach) -> Clause:
    """As ``by_server`` where each server has one series of the choice, with that series' labels: nothing is combined.

    Combining takes twenty times as long as all else. Right for a bucket if all of its labels are the same; only where
    ``are_rows_buckets`` holds.
    """
    number = numbered([choice])
    source = rows(tier, reached, window, server_ids, condition=number.condition)
    sql = f"SELECT server_id, labels, toInt64(at) AS t, average AS v FROM ({source.sql})"
    return Clause(sql, {**number.parameters, **source.parameters})


def are_rows_buckets(choices: Sequence[Choice], window: Window, tier: Tier) -> bool:
    """Whether a row of the tier is what its series says of a bucket."""
    return window.step_seconds == tier.seconds and not any(one.is_counter for one in choices)


def _bucket() -> str:
    return "intDiv(toInt64(at), %(step)s) * %(step)s"
