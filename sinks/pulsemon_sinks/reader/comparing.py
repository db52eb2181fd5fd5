"""Questions that set one against others: the top of a fleet, a server against its peers, now against a week ago, and
the hours of the week. All stand on one value a server and bucket, from whatever tier gives it."""

from dataclasses import dataclass

from pulsemon_sinks.reader.choice import Clause, Window

HOURS_A_WEEK = 168


@dataclass(frozen=True, slots=True)
class Ranked:
    """A server with its average and its largest bucket in a window."""

    server_id: str
    average: float
    highest: float


def top(values: Clause, count: int, *, lowest_first: bool) -> Clause:
    """The servers by their average, at most ``count``."""
    order = "ASC" if lowest_first else "DESC"
    sql = f"""
SELECT server_id, avg(v) AS average, max(v) FROM ({values.sql})
GROUP BY server_id ORDER BY average {order}, server_id LIMIT {count:d}
"""
    return Clause(sql, values.parameters)


def against_peers(values: Clause, server_id: str, extra: str = "") -> Clause:
    """Rows of (bucket t, own, and p10, p50, p90 and number of the other servers that had data, extra)."""
    sql = f"""
SELECT t, own, if(peers > 0, q[1], NULL) AS p10, if(peers > 0, q[2], NULL) AS p50, if(peers > 0, q[3], NULL) AS p90,
  peers{extra and ", extra"}
FROM (
  SELECT t, maxOrNullIf(v, server_id = %(own)s) AS own, quantilesIf(0.1, 0.5, 0.9)(v, server_id != %(own)s) AS q,
    toFloat64(countIf(server_id != %(own)s)) AS peers{extra and f", {extra} AS extra"}
  FROM ({values.sql}) GROUP BY t
)
"""
    return Clause(sql, {**values.parameters, "own": server_id})


def hours_of_week(values: Clause) -> Clause:
    """Rows of (hour of the week from Monday 00:00 UTC, average over the servers and weeks, how many values)."""
    sql = f"""
SELECT (toDayOfWeek(at) - 1) * 24 + toHour(at) AS hour, avg(v), count()
FROM (SELECT toDateTime(t, 'UTC') AS at, v FROM ({values.sql})) GROUP BY hour ORDER BY hour
"""
    return Clause(sql, values.parameters)


def shifted(window: Window, seconds: int) -> Window:
    """The same length so much earlier, in whole buckets, so that both have as many."""
    back_ms = seconds // window.step_seconds * window.step_seconds * 1000
    return Window(window.start_ms - back_ms, window.end_ms - back_ms, window.step_seconds)
