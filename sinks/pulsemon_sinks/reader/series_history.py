"""The history of series for backtests: minutes say where a limit may be crossed, raw samples what happened there."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from pulsemon_schemas.series_history import SLOT_MS, Candidate, Points, SeriesKey, Wanted

from pulsemon_sinks.reader.alerts import Ask
from pulsemon_sinks.reader.choice import Clause
from pulsemon_sinks.reader.tiers import MINUTES, RAW, Reach

SLOT_SECONDS = SLOT_MS // 1000


class StoredSeries:
    """See ``SeriesHistory``. ``reach`` says how far minutes are made and how long samples are kept. Errors as Store."""

    def __init__(self, ask: Ask, reach: Reach, now_ms: int | None = None) -> None:
        self._ask = ask
        self._reach = reach
        self._now_ms = int(time.time() * 1000) if now_ms is None else now_ms

    def raw_since_ms(self) -> int:
        """See ``SeriesHistory``."""
        kept = self._reach.kept_seconds.get(RAW.table)
        return 0 if kept is None else self._now_ms - kept * 1000

    def candidates(self, wanted: Wanted, bound: float | None, since_ms: int, until_ms: int) -> list[Candidate]:
        """See ``SeriesHistory``. Of hours whose minutes are not made yet, raw samples tell."""
        made_ms = min(max(self._reach.made_before * 1000, since_ms), until_ms)
        where = _matching(wanted)
        reaches = "1" if bound is None else "high >= %(bound)s" if wanted.is_above else "low <= %(bound)s"
        parameters = {
            **where.parameters, "bound": bound, "since_s": since_ms // 60_000 * 60, "made_s": made_ms // 1000,
            "made_ms": made_ms, "until_ms": until_ms,
        }  # fmt: skip
        rows = self._ask(_CANDIDATES.replace("MATCHING", where.sql).replace("REACHES", reaches), parameters)
        return [Candidate(SeriesKey(server_id, labels), minutes, most) for server_id, labels, minutes, most in rows]

    def points(self, wanted: Wanted, slots: Mapping[str, Sequence[int]]) -> dict[SeriesKey, Points]:
        """See ``SeriesHistory``."""
        raw_slot = -(-self.raw_since_ms() // SLOT_MS)
        old = {server_id: [one for one in found if one < raw_slot] for server_id, found in slots.items()}
        new = {server_id: [one for one in found if one >= raw_slot] for server_id, found in slots.items()}
        found = self._points(_OLD.replace("WORST", "max_value" if wanted.is_above else "min_value"), wanted, old)
        for key, points in self._points(_RAW, wanted, new).items():
            before = found.get(key)
            found[key] = points if before is None else _joined(before, points)
        return found

    def _points(self, sql: str, wanted: Wanted, slots: Mapping[str, Sequence[int]]) -> dict[SeriesKey, Points]:
        pairs = [(server_id, slot) for server_id, found in slots.items() for slot in found]
        if not pairs:
            return {}
        where = _matching(wanted._replace(server_ids=tuple(server_id for server_id, found in slots.items() if found)))
        every = [slot for _, slot in pairs]
        parameters: dict[str, Any] = {
            **where.parameters,
            "pair_servers": [server_id for server_id, _ in pairs],
            "pair_slots": every,
            "first_s": min(every) * SLOT_SECONDS,
            "end_s": (max(every) + 1) * SLOT_SECONDS,
        }
        rows = self._ask(sql.replace("MATCHING", where.sql), parameters)
        return {SeriesKey(server_id, labels): Points(times, values) for server_id, labels, times, values in rows}


def _joined(one: Points, other: Points) -> Points:
    return Points([*one.times_ms, *other.times_ms], [*one.values, *other.values])


def _matching(wanted: Wanted) -> Clause:
    parameters: dict[str, Any] = {"metric": wanted.metric}
    parts = ["name = %(metric)s"]
    if wanted.server_ids is not None:
        parameters["servers"] = ["", *wanted.server_ids]
        parts.append("server_id IN %(servers)s")
    for number, label in enumerate(wanted.labels):
        parameters[f"label{number}"] = label
        parts.append(f"has(splitByChar(',', toString(labels)), %(label{number})s)")
    return Clause(" AND ".join(parts), parameters)


# A row of a minute that was made twice has a part of the other's samples: the bound is still seen.
_CANDIDATES = f"""
SELECT server_id, labels, arraySort(groupUniqArrayIf(minute, REACHES)), max(most) FROM (
  SELECT toString(server_id) AS server_id, toString(labels) AS labels, intDiv(toUnixTimestamp(starts_at), 60) AS minute,
    toFloat64(min_value) AS low, toFloat64(max_value) AS high, toUInt32(samples) AS most
  FROM {{database}}.{MINUTES.table}
  WHERE MATCHING AND starts_at >= toDateTime(%(since_s)s, 'UTC') AND starts_at < toDateTime(%(made_s)s, 'UTC')
  UNION ALL
  SELECT toString(server_id), toString(labels), toUInt32(intDiv(toUnixTimestamp(recorded_at), 60)) AS at,
    min(value), max(value), toUInt32(count())
  FROM {{database}}.{RAW.table}
  WHERE MATCHING AND recorded_at >= fromUnixTimestamp64Milli(toInt64(%(made_ms)s))
    AND recorded_at < fromUnixTimestamp64Milli(toInt64(%(until_ms)s))
  GROUP BY server_id, labels, at
)
GROUP BY server_id, labels
"""
# The hour of a server is what leads the key of samples.
_PAIRS = f"""AND (toStartOfHour(WHEN), server_id) IN (
      SELECT DISTINCT toDateTime(intDiv(one.2 * {SLOT_SECONDS}, 3600) * 3600, 'UTC'), one.1
      FROM (SELECT arrayJoin(arrayZip(%(pair_servers)s, %(pair_slots)s)) AS one)
    )
    AND (server_id, toUInt32(intDiv(toUnixTimestamp(WHEN), {SLOT_SECONDS}))) IN (
      SELECT one.1, toUInt32(one.2) FROM (SELECT arrayJoin(arrayZip(%(pair_servers)s, %(pair_slots)s)) AS one)
    )"""
_RAW = f"""
SELECT toString(server_id), toString(labels), groupArray(at), groupArray(value) FROM (
  SELECT server_id, labels, toUnixTimestamp64Milli(recorded_at) AS at, value FROM {{database}}.{RAW.table}
  WHERE MATCHING AND recorded_at >= toDateTime64(%(first_s)s, 3, 'UTC')
    AND recorded_at < toDateTime64(%(end_s)s, 3, 'UTC')
    {_PAIRS.replace("WHEN", "recorded_at")}
  ORDER BY server_id, labels, at
)
GROUP BY server_id, labels
"""
_OLD = f"""
SELECT toString(server_id), toString(labels), groupArray(at), groupArray(worst) FROM (
  SELECT server_id, labels, toInt64(toUnixTimestamp(starts_at)) * 1000 AS at, toFloat64(WORST) AS worst
  FROM {{database}}.{MINUTES.table} FINAL
  WHERE MATCHING AND starts_at >= toDateTime(%(first_s)s, 'UTC') AND starts_at < toDateTime(%(end_s)s, 'UTC')
    {_PAIRS.replace("WHEN", "starts_at")}
  ORDER BY server_id, labels, at
)
GROUP BY server_id, labels
"""
