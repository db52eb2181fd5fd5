"""The questions of the pages as methods; one object serves all threads of a process."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pyarrow as pa
from pulsemon_schemas.control import Entity
from pulsemon_schemas.rules import Rule
from pulsemon_schemas.rules.quiet import QuietPeriod

from pulsemon_sinks.clickhouse.connection import Columns, NativeStore, Row, Store
from pulsemon_sinks.clickhouse.settings import ClickHouseSettings
from pulsemon_sinks.reader import alerts, as_of, comparing, history, long_history, newest, opened, rules, tiers
from pulsemon_sinks.reader.alerts import ServerStatus, Transition
from pulsemon_sinks.reader.buckets import Buckets
from pulsemon_sinks.reader.choice import Choice, Clause, Level, Line, Window
from pulsemon_sinks.reader.comparing import Ranked
from pulsemon_sinks.reader.pool import Pool
from pulsemon_sinks.reader.search import MOST, Found, search
from pulsemon_sinks.reader.servers import Reading, Server, epoch_ms, joined
from pulsemon_sinks.reader.tiers import Reach, Tier

ANSWER_SECONDS = 10.0
# Memory is limited by the profile of the login that may only read, which lets nobody change that.
LIMITS = {
    "max_execution_time": 8,
    "max_threads": 2,
    "max_result_rows": 2_000_000,
    "result_overflow_mode": "throw",
    # An engine with little memory would take one thread for all: the profile limits the memory of each question.
    "max_threads_min_free_memory_per_thread": 0,
}
# The tiers are cut into partitions by a column of their key, so no row has a copy in another partition.
HISTORY_LIMITS = {**LIMITS, "do_not_merge_across_partitions_select_final": 1}
WEEK_SECONDS = 7 * 86_400
REACH_SECONDS = 20.0
"""How long a reader takes for granted how far rollups reach; it only grows, but for history that is filled in."""


class Reader:
    """Reads with the login that may only read. Every method raises StoreUnreachableError or StoreRefusedError.

    Tables returned are Arrow tables whose ``x`` is epoch milliseconds as float; missing values are null.
    """

    def __init__(
        self, settings: ClickHouseSettings, connections: int = 4, connect: Callable[[], Store] | None = None
    ) -> None:
        self._database = settings.database
        self._reach = Reach()
        self._reach_at = 0.0
        self._pool = Pool(connect or (lambda: NativeStore(settings, timeout_seconds=ANSWER_SECONDS)), connections)

    def close(self) -> None:
        """Ends the idle connections."""
        self._pool.close()

    def servers(self) -> tuple[Server, ...]:
        """Every server, by name."""
        return joined(self._rows(newest.REGISTERED, {}), self._rows(newest.SEEN, {}))

    def as_of_ms(self) -> int | None:
        """The newest time that any host's data speak of, or None before the first."""
        return epoch_ms(self._rows(newest.AS_OF, {})[0][0])

    def readings(self, choices: Sequence[Choice]) -> dict[str, tuple[Reading | None, ...]]:
        """The newest readings of headline metrics by server id, in the order of the choices. Counters have none."""
        query = newest.readings(choices)
        found: dict[str, list[Reading | None]] = {}
        for server_id, number, value, labels, recorded_at_ms in self._rows(query.sql, query.parameters):
            found.setdefault(server_id, [None] * len(choices))[number] = Reading(value, labels, recorded_at_ms)
        return {server_id: tuple(readings) for server_id, readings in found.items()}

    def series(self, server_id: str, choices: Sequence[Choice], window: Window) -> pa.Table:
        """One row a bucket: x and, for choice i, a{i} (average), lo{i}, hi{i}. Buckets without data hold nulls."""
        tier = self._tier(window, has_counters=any(one.is_counter for one in choices))
        if tier is None:
            query = history.series(server_id, choices, window)
        else:
            query = long_history.series(server_id, choices, window, *tier)
        return Buckets(window).by_number(self._history(query), len(choices), ("a", "lo", "hi"))

    def sparklines(self, wanted: Sequence[Line]) -> dict[int, list[float | None]]:
        """The averages of many lines by their index in ``wanted``, one value a bucket, from one query."""
        if not wanted:
            return {}
        query = history.sparklines(wanted)
        lines: dict[int, list[float | None]] = {}
        for number, times, values in self._rows(query.sql, query.parameters):
            by_time = dict(zip(times, values, strict=True))
            lines[number] = [by_time.get(bucket) for bucket in wanted[number].window.buckets]
        return lines

    def metrics_of(self, server_id: str, window: Window) -> pa.Table:
        """Every series of a server in the window: name, labels, now, low, high, spark (a list of averages)."""
        tier = self._tier(window)
        if tier is None:
            query = history.metrics_of(server_id, window)
        else:
            query = long_history.metrics_of(server_id, window, *tier)
        return self._table(query.sql, query.parameters)

    def metric_names(self, server_id: str, window: Window) -> frozenset[str]:
        """The names of the metrics that a server sent in the window: keep it short, all names are read."""
        query = history.metric_names(server_id, window)
        return frozenset(row[0] for row in self._rows(query.sql, query.parameters))

    def fleet_quantiles(self, choice: Choice, window: Window, server_ids: Sequence[str] | None = None) -> pa.Table:
        """One row a bucket over the servers: x, p10, p50, p90, p99 and servers (how many had data)."""
        return self._over_servers(choice, window, server_ids, history.quantiles)

    def fleet_levels(
        self, choices: Sequence[tuple[Choice, Level]], window: Window, server_ids: Sequence[str] | None = None
    ) -> pa.Table:
        """One row a bucket: x and, for choice i, v{i}: the median, largest or sum over the servers."""
        tier = self._tier(window, has_counters=any(one.is_counter for one, _ in choices))
        if tier is None:
            query = history.fleet_levels(choices, window, server_ids)
        else:
            query = long_history.fleet_levels(choices, window, server_ids, *tier)
        return Buckets(window).table(self._history(query))

    def top(
        self,
        choice: Choice,
        window: Window,
        count: int,
        server_ids: Sequence[str] | None = None,
        *,
        lowest_first: bool = False,
    ) -> tuple[Ranked, ...]:
        """The servers with the largest averages in the window, or the smallest."""
        query = comparing.top(self._by_server(choice, window, server_ids), count, lowest_first=lowest_first)
        return tuple(Ranked(*row) for row in self._rows(query.sql, query.parameters))

    def against_peers(
        self, server_id: str, choice: Choice, window: Window, peers: Sequence[str] | None = None
    ) -> pa.Table:
        """One row a bucket: x, own, and p10, p50, p90 and peers (how many had data) of the others."""
        wanted = None if peers is None else [server_id, *peers]

        def question(values: Clause, extra: str = "") -> Clause:
            return comparing.against_peers(values, server_id, extra)

        return self._over_servers(choice, window, wanted, question)

    def now_and_before(
        self, server_id: str, choice: Choice, window: Window, back_seconds: int = WEEK_SECONDS
    ) -> tuple[pa.Table, pa.Table]:
        """The series of a window, and that of a week before, or so long; both have as many rows."""
        before = comparing.shifted(window, back_seconds)
        return self.series(server_id, [choice], window), self.series(server_id, [choice], before)

    def hours_of_week(
        self, choice: Choice, window: Window, server_ids: Sequence[str] | None = None
    ) -> list[float | None]:
        """168 averages, from Monday 00:00 UTC; None for hours without data. The window's step is an hour at most."""
        query = comparing.hours_of_week(self._by_server(choice, window, server_ids))
        found = {hour: average for hour, average, _ in self._rows(query.sql, query.parameters)}
        return [found.get(hour) for hour in range(comparing.HOURS_A_WEEK)]

    def open_alerts(self, server_ids: Sequence[str] | None = None) -> tuple[Transition, ...]:
        """The newest transition of every alert that fires, is acknowledged or unknown: worst first, then oldest."""
        return alerts.open_alerts(self._rows, server_ids)

    def alerts_of(self, server_id: str, start_ms: int, end_ms: int) -> tuple[Transition, ...]:
        """The newest transition of a server's alerts that were open in the time, newest alert first."""
        return alerts.alerts_of(self._rows, server_id, start_ms, end_ms)

    def alert_history(self, server_id: str, start_ms: int, end_ms: int) -> tuple[Transition, ...]:
        """A server's transitions in the time, newest first."""
        return alerts.history(self._rows, server_id, start_ms, end_ms)

    def alerts_opened(self, window: Window, server_ids: Sequence[str] | None = None) -> pa.Table:
        """One row a bucket: x, and how many alerts that fired began in it: critical and warning, by their worst."""
        query = opened.opened(window, server_ids)
        return self._table(query.sql, query.parameters)

    def first_alert_ms(self) -> int | None:
        """When the oldest alert began that is kept and ever fired, or None if there is none."""
        return epoch_ms(self._rows(opened.FIRST, {})[0][0])

    def rules(self) -> tuple[Rule, ...]:
        """The rules in force, by id."""
        return rules.in_force(self._rows)

    def servers_as_of(self, at_ms: int) -> tuple[Entity, ...]:
        """The servers that were registered at a time, by id, as what was said of them then."""
        return as_of.servers(self._rows, at_ms)

    def rules_as_of(self, at_ms: int) -> tuple[Rule, ...]:
        """The rules in force at a time, by id."""
        return as_of.rules(self._rows, at_ms)

    def silences_as_of(self, at_ms: int) -> tuple[QuietPeriod, ...]:
        """Silences, then maintenance, that held at a time."""
        return as_of.silences(self._rows, at_ms)

    def search(self, text: str, most: int = MOST) -> tuple[Found, ...]:
        """Servers, metrics, labels and alerts by a part of what names them, at most so many of each."""
        return search(self._rows, text, most)

    def judged_ms(self, since_ms: int) -> int | None:
        """The newest Tick of a processor since then, or None: as far as is known here, rules were judged until then."""
        return epoch_ms(self._rows(newest.JUDGED, {"since_ms": since_ms})[0][0])

    def server_states(self) -> dict[str, ServerStatus]:
        """What the processor thinks of each server, by id."""
        return alerts.server_states(self._rows)

    def _over_servers(
        self, choice: Choice, window: Window, server_ids: Sequence[str] | None, question: Callable[..., Clause]
    ) -> pa.Table:
        """A question over the values of all servers, first as if each had one series: most metrics are so."""
        tier = self._tier(window, has_counters=choice.is_counter)
        if tier is not None and long_history.are_rows_buckets([choice], window, tier[0]):
            values = long_history.alone(choice, window, server_ids, *tier)
            found = self._history(question(values, "min(labels) = max(labels)"))
            if all(found["extra"]):
                return Buckets(window).table(found.without("extra"))
        return Buckets(window).table(self._history(question(self._by_server(choice, window, server_ids))))

    def _by_server(self, choice: Choice, window: Window, server_ids: Sequence[str] | None) -> Clause:
        tier = self._tier(window, has_counters=choice.is_counter)
        if tier is None:
            return history.by_server([choice], window, server_ids)
        return long_history.by_server([choice], window, server_ids, *tier)

    def _tier(self, window: Window, *, has_counters: bool = False) -> tuple[Tier, Reach] | None:
        """From what a window is answered; None: from the raw samples."""
        now = time.time()
        if now - self._reach_at > REACH_SECONDS:
            with self._pool.borrow() as store:
                self._reach, self._reach_at = tiers.reach(store, self._database), now
        tier = self._reach.tier(window, int(now * 1000), has_counters=has_counters)
        return None if tier is None else (tier, self._reach)

    def _history(self, query: Clause) -> Columns:
        with self._pool.borrow() as store:
            return store.columns(query.sql.replace("{database}", self._database), query.parameters, HISTORY_LIMITS)

    def _rows(self, sql: str, parameters: Mapping[str, Any]) -> list[Row]:
        with self._pool.borrow() as store:
            return store.rows(sql.replace("{database}", self._database), parameters, LIMITS)

    def _table(self, sql: str, parameters: Mapping[str, Any]) -> pa.Table:
        with self._pool.borrow() as store:
            return _arrow(store.columns(sql.replace("{database}", self._database), parameters, LIMITS))


_ARROW_TYPES = {"String": pa.string(), "Array": pa.list_(pa.float64())}


def _arrow(columns: Columns) -> pa.Table:
    arrays = [
        pa.array(values, type=_arrow_type(kind)) for kind, values in zip(columns.types, columns.values, strict=True)
    ]
    return pa.table(arrays, names=list(columns.names))


def _arrow_type(kind: str) -> pa.DataType:
    plain = kind.removeprefix("LowCardinality(")
    return next((arrow for prefix, arrow in _ARROW_TYPES.items() if plain.startswith(prefix)), pa.float64())
