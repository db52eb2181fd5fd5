"""How many alerts opened when, for the history of a fleet."""

from collections.abc import Sequence

from pulsemon_sinks.reader.alerts import LEVELS
from pulsemon_sinks.reader.choice import Clause, Window

FIRST = "SELECT min(started_at) FROM {database}.alerts WHERE state = 'firing'"


def opened(window: Window, server_ids: Sequence[str] | None) -> Clause:
    """See Reader.alerts_opened. A transition that was stored twice changes nothing."""
    only = "" if server_ids is None else "AND server_id IN %(server_ids)s"
    sql = f"""
SELECT toFloat64(t) * 1000 AS x, critical, warning
FROM (
  SELECT intDiv(toUnixTimestamp64Milli(began), %(step)s * 1000) * %(step)s AS t,
    toFloat64(countIf(worst = {_rank("critical")})) AS critical,
    toFloat64(countIf(worst = {_rank("warning")})) AS warning
  FROM (
    SELECT any(started_at) AS began, max(indexOf({list(LEVELS)}, toString(level))) AS worst
    FROM {{database}}.alerts
    WHERE state = 'firing' {only} AND started_at >= fromUnixTimestamp64Milli(toInt64(%(from_ms)s))
      AND started_at < fromUnixTimestamp64Milli(toInt64(%(end_ms)s))
    GROUP BY server_id, alert_id
  )
  GROUP BY t ORDER BY t WITH FILL FROM toInt64(%(first)s) TO toInt64(%(last)s) STEP %(step)s
)
"""
    parameters = {
        "step": window.step_seconds,
        "from_ms": window.first_bucket * 1000,
        "end_ms": window.end_ms,
        "first": window.first_bucket,
        "last": window.end_ms // 1000,
    }
    return Clause(sql, parameters if server_ids is None else {**parameters, "server_ids": ["", *server_ids]})


def _rank(level: str) -> int:
    """ClickHouse counts from 1."""
    return LEVELS.index(level) + 1
