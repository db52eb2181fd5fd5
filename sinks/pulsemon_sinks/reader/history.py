"""Questions about a window of time, from the raw samples.

The key of ``samples`` is (name, hour, server_id, labels, recorded_at) in a partition a day, so every question names its
metrics and bounds recorded_at. A sample that was stored twice changes neither average nor extremes, and sums are
taken over one value a series and time.
"""

from collections.abc import Sequence
from typing import Any

from pulsemon_sinks.reader.choice import (
    Choice,
    Clause,
    Level,
    Line,
    Numbered,
    Window,
    for_counters,
    for_sums,
    looked_up,
    matching,
    numbered,
)

# A rate needs the sample before the window; slower series than this start one step late.
LEAD_MS = 150_000

LEVELS = {"median": "quantileOrNullIf(0.5)", "max": "maxOrNullIf", "sum": "sumOrNullIf"}


def series(server_id: str, choices: Sequence[Choice], window: Window) -> Clause:
    """See Reader.series. Rows of (number of the choice or -1, bucket t, average a, lo, hi).

    A series is one row with its points in an array, so that its number is found once and its rate needs no sorting of
    all. A rate is null (here: not finite) where the counter starts or was reset.
    """
    number = looked_up(choices)
    rates = (
        "arrayMap((x, y) -> (x.1, if(x.2 < y.2, nan, (x.2 - y.2) * 1000 / (x.1 - y.1))), "
        "arrayPopFront(points), arrayPopBack(points))"
    )
    sql = f"""
SELECT number, intDiv(at, %(step_ms)s) * %(step)s AS t, avg(v) AS a, min(v) AS lo, max(v) AS hi FROM (
  SELECT number, point.1 AS at, {for_sums(choices, "sum(point.2)", "max(point.2)")} AS v FROM (
    SELECT splitByChar(',', toString(labels)) AS tags, {number.number} AS number,
      {for_counters(choices, rates, "points")} AS shown,
      arrayCompact(x -> x.1, arraySort(groupArray((toUnixTimestamp64Milli(recorded_at), value)))) AS points
    FROM {{database}}.samples
    WHERE server_id = %(server_id)s AND {number.condition} AND {_between()}
    GROUP BY name, labels
  ) ARRAY JOIN shown AS point
  WHERE isFinite(point.2) AND point.1 >= %(start_ms)s GROUP BY number, at
) GROUP BY number, t
"""
    return Clause(sql, {**number.parameters, **window_parameters(window, LEAD_MS), "server_id": server_id})


def sparklines(wanted: Sequence[Line]) -> Clause:
    """See Reader.sparklines. Rows of (index in ``wanted``, bucket starts in seconds, averages).

    A sample may belong to several lines: the fullest disk of a server, and one disk of it.
    """
    choices = [line.choice for line in wanted]
    clauses = [_line(line, number) for number, line in enumerate(wanted)]
    numbers = ", ".join(f"if({clause.sql}, {number}, -1)" for number, clause in enumerate(clauses))
    sql = f"""
SELECT number, groupArray(t), groupArray(v) FROM (
  SELECT number, t, {for_sums(choices, "sum(one)", "max(one)")} AS v FROM (
    SELECT number, labels, t, {_bucket_value(choices)} AS one FROM (
      SELECT arrayJoin(arrayFilter(n -> n >= 0, [{numbers}])) AS number, labels, recorded_at, value,
        arrayElement(%(steps)s, number + 1) AS step,
        intDiv(toUnixTimestamp64Milli(recorded_at), step * 1000) * step AS t
      FROM {{database}}.samples
      WHERE name IN %(metrics)s AND server_id IN %(server_ids)s AND {_between()}
    ) GROUP BY number, labels, t
  ) WHERE isFinite(one) GROUP BY number, t ORDER BY number, t
) GROUP BY number
"""
    parameters = {
        **{key: value for clause in clauses for key, value in clause.parameters.items()},
        "metrics": sorted({choice.metric for choice in choices}),
        "server_ids": sorted({line.server_id for line in wanted}),
        "steps": [line.window.step_seconds for line in wanted],
        "from_ms": min(line.window.first_bucket for line in wanted) * 1000,
        "end_ms": max(line.window.end_ms for line in wanted),
    }
    return Clause(sql, parameters)


def _line(line: Line, number: int) -> Clause:
    """True for the samples of one line."""
    match = matching(line.choice, number)
    during = (
        f"recorded_at >= fromUnixTimestamp64Milli(%(from{number})s) "
        f"AND recorded_at < fromUnixTimestamp64Milli(%(end{number})s)"
    )
    parameters = {
        **match.parameters,
        f"server{number}": line.server_id,
        f"from{number}": line.window.first_bucket * 1000,
        f"end{number}": line.window.end_ms,
    }
    return Clause(f"server_id = %(server{number})s AND {match.sql} AND {during}", parameters)


def metrics_of(server_id: str, window: Window) -> Clause:
    """See Reader.metrics_of."""
    sql = f"""
SELECT name, labels, argMaxMerge(now_state) AS now, min(low) AS low, max(high) AS high, groupArray(v) AS spark FROM (
  SELECT toString(name) AS name, toString(labels) AS labels, {_bucket()} AS t, avg(value) AS v, min(value) AS low,
    max(value) AS high, argMaxState(value, recorded_at) AS now_state
  FROM {{database}}.samples
  WHERE name IN (SELECT DISTINCT name FROM {{database}}.samples WHERE server_id = %(server_id)s AND {_between()})
    AND server_id = %(server_id)s AND {_between()}
  GROUP BY name, labels, t ORDER BY t
) GROUP BY name, labels ORDER BY name, labels
"""
    return Clause(sql, {**window_parameters(window), "server_id": server_id})


def metric_names(server_id: str, window: Window) -> Clause:
    """See Reader.metric_names."""
    sql = f"""
SELECT DISTINCT toString(name) FROM {{database}}.samples
WHERE server_id = %(server_id)s AND {_between()}
"""
    return Clause(sql, {"server_id": server_id, **window_parameters(window)})


def quantiles(values: Clause, extra: str = "") -> Clause:
    """Rows of (bucket t, p10, p50, p90, p99, servers, extra) of one value v a server and bucket."""
    sql = f"""
SELECT t, q[1] AS p10, q[2] AS p50, q[3] AS p90, q[4] AS p99, servers{extra and ", extra"} FROM (
  SELECT t, quantiles(0.1, 0.5, 0.9, 0.99)(v) AS q, toFloat64(count()) AS servers{extra and f", {extra} AS extra"}
  FROM ({values.sql}) GROUP BY t
)
"""
    return Clause(sql, values.parameters)


def fleet_levels(choices: Sequence[tuple[Choice, Level]], window: Window, server_ids: Sequence[str] | None) -> Clause:
    """See Reader.fleet_levels. Rows of (bucket t, v0, v1, …)."""
    return levels([level for _, level in choices], by_server([choice for choice, _ in choices], window, server_ids))


def levels(wanted: Sequence[Level], values: Clause) -> Clause:
    """Rows of (bucket t, v0, v1, …) of one value v a server, number of the choice and bucket."""
    columns = ", ".join(f"{LEVELS[level]}(v, number = {i}) AS v{i}" for i, level in enumerate(wanted))
    return Clause(f"SELECT t, {columns} FROM ({values.sql}) GROUP BY t", values.parameters)


def by_server(choices: Sequence[Choice], window: Window, server_ids: Sequence[str] | None) -> Clause:
    """One value v a server, number of the choice and bucket t (epoch seconds)."""
    number = numbered(choices)
    only = "" if server_ids is None else "AND server_id IN %(server_ids)s"
    sql = f"""
  SELECT server_id, number, t, {for_sums(choices, "sum(one)", "max(one)")} AS v FROM (
    SELECT server_id, {number.number} AS number, labels, {_bucket()} AS t, {_bucket_value(choices)} AS one
    FROM {{database}}.samples
    WHERE {number.condition} {only} AND {_between()}
    GROUP BY server_id, number, labels, t
  ) WHERE {numbers_of(number)}isFinite(one) GROUP BY server_id, number, t
"""
    return Clause(sql, {**number.parameters, **window_parameters(window), **_only(server_ids)})


def numbers_of(number: Numbered) -> str:
    """The condition that a row belongs to a choice, where the reading does not see to that."""
    return "" if number.number == "0" else "number >= 0 AND "


def _bucket_value(choices: Sequence[Choice]) -> str:
    """The average of a bucket, or for a counter its growth per second inside it (not finite with one sample)."""
    elapsed = "((toUnixTimestamp64Milli(max(recorded_at)) - toUnixTimestamp64Milli(min(recorded_at))) / 1000)"
    growth = f"deltaSumTimestamp(value, toUnixTimestamp64Milli(recorded_at)) / {elapsed}"
    return for_counters(choices, growth, "avg(value)")


def _between() -> str:
    return "recorded_at >= fromUnixTimestamp64Milli(%(from_ms)s) AND recorded_at < fromUnixTimestamp64Milli(%(end_ms)s)"


def _bucket() -> str:
    return "intDiv(toUnixTimestamp64Milli(recorded_at), %(step_ms)s) * %(step)s"


def window_parameters(window: Window, lead_ms: int = 0) -> dict[str, Any]:
    """What the texts call a window and its buckets."""
    return {
        "from_ms": window.start_ms - lead_ms,
        "start_ms": window.start_ms,
        "end_ms": window.end_ms,
        "step": window.step_seconds,
        "step_ms": window.step_seconds * 1000,
    }


def _only(server_ids: Sequence[str] | None) -> dict[str, Any]:
    return {} if server_ids is None else {"server_ids": list(server_ids)}
