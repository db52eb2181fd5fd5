"""The samples of a server at one time: all that the store knows of the batches of that time."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from pulsemon_sinks.reader.alerts import Ask

Series = tuple[tuple[str, ...], tuple[str, ...]]
APART_MS = 600_000
"""Times that lie so far apart are asked for by themselves: what lies between is not read."""
MAX_SETS = 20_000


class Moment(NamedTuple):
    """Names and labels, sorted as a batch has them, and the values beside them."""

    series_id: int
    series: Series
    values: Sequence[float]


class Moments:
    """Reads samples by server and time. Names and labels are read once for all moments that have the same."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._sets: dict[int, Series] = {}

    def read(self, servers: Sequence[str], times_ms: Sequence[int]) -> dict[tuple[str, int], Moment]:
        """The moments of these servers around these times, by server and time. Errors as Store."""
        if len(self._sets) > MAX_SETS:
            self._sets.clear()
        found: dict[tuple[str, int], tuple[int, Sequence[float]]] = {}
        for start_ms, end_ms in _ranges(sorted(set(times_ms))):
            span = {"servers": list(servers), "start_ms": start_ms, "end_ms": end_ms}
            for server_id, at_ms, series_id, values in self._ask(_MOMENTS, span):
                found[server_id, at_ms] = series_id, values
        self._learn(found)
        return {place: Moment(number, self._sets[number], values) for place, (number, values) in found.items()}

    def _learn(self, found: dict[tuple[str, int], tuple[int, Sequence[float]]]) -> None:
        unknown: dict[int, tuple[str, int]] = {}
        for place, (series_id, _) in found.items():
            if series_id not in self._sets:
                unknown.setdefault(series_id, place)
        wanted = list(unknown.values())
        for at in range(0, len(wanted), 200):
            part = wanted[at : at + 200]
            parameters = {
                "servers": sorted({server_id for server_id, _ in part}),
                "times": sorted({at_ms for _, at_ms in part}),
                "start_ms": min(at_ms for _, at_ms in part),
                "end_ms": max(at_ms for _, at_ms in part),
            }
            for series_id, names, labels in self._ask(_SETS, parameters):
                self._sets[series_id] = tuple(names), tuple(labels)


def _ranges(times_ms: Sequence[int]) -> Iterator[tuple[int, int]]:
    """First and last time of those that lie close together."""
    if not times_ms:
        return
    first = times_ms[0]
    for one, other in pairwise(times_ms):
        if other - one > APART_MS:
            yield first, one
            first = other
    yield first, times_ms[-1]


def _sorted(condition: str) -> str:
    """Each moment with its samples in the order of a batch, and a number for its names and labels."""
    return f"""
  SELECT server_id, recorded_at, ordered, cityHash64(arrayMap(one -> (one.1, one.2), ordered)) AS series_id
  FROM (
    SELECT server_id, recorded_at, arraySort(groupArray((toString(name), toString(labels), value))) AS ordered
    FROM (SELECT server_id, recorded_at, name, labels, value FROM {{database}}.samples FINAL WHERE {condition})
    GROUP BY server_id, recorded_at
  )
"""


_BETWEEN = """server_id IN %(servers)s AND recorded_at >= fromUnixTimestamp64Milli(toInt64(%(start_ms)s))
      AND recorded_at <= fromUnixTimestamp64Milli(toInt64(%(end_ms)s))"""
_AT = "toUnixTimestamp64Milli(recorded_at) IN %(times)s"
_MOMENTS = f"""
SELECT server_id, toUnixTimestamp64Milli(recorded_at), series_id, arrayMap(one -> one.3, ordered)
FROM ({_sorted(_BETWEEN)})
"""
_SETS = f"""
SELECT series_id, any(arrayMap(one -> one.1, ordered)), any(arrayMap(one -> one.2, ordered))
FROM ({_sorted(f"{_BETWEEN} AND {_AT}")})
GROUP BY series_id
"""
