"""The history of a fleet, made inside the engine by INSERT … SELECT: a day of raw samples, and a month of hours.

Raw samples go the way of the sink's, through ``metrics_in`` and its views, in blocks as large as a sink writes under
load. Values are of the kinds that hosts send: shares of four digits, rates in whole bytes, counters that only grow.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from pulsemon_sinks.clickhouse.connection import NativeStore, Store
from pulsemon_sinks.reader.choice import Choice
from pulsemon_sinks.rollups.horizon import horizon
from pulsemon_sinks.rollups.job import Job
from pulsemon_sinks.rollups.touched import request

TICK_SECONDS, HOUR_SECONDS, DAY_SECONDS = 10, 3600, 86_400
DAYS_OF_HOURS = 30
BLOCK_BATCHES = 50_000
MERGE_SECONDS = 900.0
QUIET_POLLS = 10

_DISK = "device=/dev/vda{0},mountpoint={1},type=ext4"
_SHARE = (
    "round(0.05 + 0.4 * (cityHash64({n}, s) % 1000 / 1000) + 0.4 * pow(sin(t / 13750 + s), 2) + {noise} / 10000, 4)"
)
_RATE = "toFloat64(1000 * (cityHash64({n}, s) % 900) + cityHash64({n}, s, t) % 300000)"
_COUNTER = "toFloat64((t - 1700000000) * (1000 + cityHash64({n}, s) % 9000) + cityHash64({n}, s, t) % 5000)"
_KINDS = {"share": _SHARE, "rate": _RATE, "counter": _COUNTER}


@dataclass(frozen=True, slots=True)
class Series:
    """One series of each server, and the choice that asks for it alone."""

    metric: str
    labels: str
    kind: str
    choice: Choice


def _series(metric: str, labels: str, kind: str, having: str | None = None) -> Series:
    wanted = labels if having is None else having
    has = (wanted,) if wanted else ()
    return Series(metric, labels, kind, Choice(metric, has, is_counter=kind == "counter"))


# In the order of the contract: by name, then by labels.
SERIES = (
    _series("system.cpu.busy", "", "share"),
    _series("system.cpu.context_switches", "", "counter"),
    _series("system.cpu.load_average.1m", "", "share"),
    _series("system.cpu.utilization", "cpu.mode=iowait", "share"),
    _series("system.cpu.utilization", "cpu.mode=system", "share"),
    _series("system.cpu.utilization", "cpu.mode=user", "share"),
    _series("system.disk.io.rate", "device=vda,direction=read", "rate", "direction=read"),
    _series("system.disk.io.rate", "device=vda,direction=write", "rate", "direction=write"),
    _series("system.disk.utilization", "device=vda", "share", ""),
    _series("system.filesystem.utilization", _DISK.format(1, "/"), "share", "mountpoint=/"),
    _series("system.filesystem.utilization", _DISK.format(2, "/data"), "share", "mountpoint=/data"),
    _series("system.memory.available.ratio", "", "share"),
    _series("system.memory.utilization", "system.memory.state=used", "share"),
    _series("system.network.io.rate", "direction=receive,network.interface.name=eth0", "rate", "direction=receive"),
    _series("system.network.io.rate", "direction=transmit,network.interface.name=eth0", "rate", "direction=transmit"),
    _series("system.network.tcp.retransmits", "", "counter"),
)
_SERVER = "concat('web-', leftPad(toString(s), 5, '0'))"


@dataclass
class FleetHistory:
    """``servers`` servers; raw samples of ``hours`` hours up to now, the tiers made of them, and hours of a month."""

    store: NativeStore
    database: str
    servers: int
    hours: int

    def __post_init__(self) -> None:
        self.end = int(time.time()) // TICK_SECONDS * TICK_SECONDS
        self.start = self.end - self.hours * HOUR_SECONDS

    @property
    def samples(self) -> int:
        """How many raw samples there are."""
        return self.servers * len(SERIES) * (self.end - self.start) // TICK_SECONDS

    def make(self) -> None:
        """Everything; returns when the engine merges no more."""
        self._registered()
        self._alerts()
        self._raw()
        settle(self.store)
        self._month()
        self._tiers()
        settle(self.store)

    def _raw(self) -> None:
        ticks = (self.end - self.start) // TICK_SECONDS
        step = max(1, BLOCK_BATCHES // self.servers)
        for first in range(0, ticks, step):
            count = min(step, ticks - first) * self.servers
            self._run(
                f"""
INSERT INTO {self.database}.metrics_in (topic_id, partition, offset, append_time, server_id, source, producer_id,
  sequence, previous_sequence, recorded_at, sent_at, names, labels, values)
SELECT 'bench', s % 4, number + {first * self.servers}, recorded_at, {_SERVER}, 'agent', concat('p-', toString(s)),
  {first} + intDiv(number, {self.servers}), -1, toDateTime64(t, 3, 'UTC') AS recorded_at, recorded_at,
  {_texts([one.metric for one in SERIES])}, {_texts([one.labels for one in SERIES])}, [{_values()}]
FROM (SELECT number,
  toInt64({self.start + first * TICK_SECONDS} + {TICK_SECONDS} * intDiv(number, {self.servers})) AS t,
  number % {self.servers} AS s FROM numbers({count}))
"""
            )

    def _tiers(self) -> None:
        """By the job of the sinks, as far as hours are over."""
        running = horizon(self.store, self.database).running_hour
        request(self.store, self.database, "bench", range(self.start // HOUR_SECONDS, running))
        Job(self.store, self.database, "unused", lambda: False).run()

    def _month(self) -> None:
        """Hours before the raw samples, as a job would have made them; a name at a time, as it does."""
        first = self.end // HOUR_SECONDS - DAYS_OF_HOURS * 24
        hours = self.start // HOUR_SECONDS - first
        for number, one in enumerate(SERIES):
            value = _value(number, one)
            self._run(
                f"""
INSERT INTO {self.database}.samples_1h (name, server_id, labels, starts_at, min_value, max_value, avg_value, last_value,
  last_at, samples, p50, p95, p99)
SELECT '{one.metric}', {_SERVER}, '{one.labels}', toDateTime(t, 'UTC'), v * 0.9, v * 1.1, v * 1.01234, v, t + 3590, 360,
  v, v * 1.05, v * 1.09
FROM (SELECT s, t, {value} AS v FROM (SELECT intDiv(number, {hours}) AS s,
  toInt64({first} + number % {hours}) * {HOUR_SECONDS} AS t FROM numbers({hours * self.servers})))
"""
            )

    def _registered(self) -> None:
        """The servers in the control log, what the processor said of each, and its Ticks of a day."""
        body = (
            "concat('{\"name\":\"', entity_id, '\",\"environment\":\"', ['prod', 'staging', 'dev'][s % 3 + 1], "
            "'\",\"region\":\"', ['eu', 'us'][s % 2 + 1], '\",\"role\":\"', ['web', 'db', 'queue'][s % 3 + 1], "
            '\'","labels":{"team":"t\', toString(s % 9), \'"}}\')'
        )
        self._run(
            f"""
INSERT INTO {self.database}.control (topic_id, offset, append_time, entity_type, entity_id, operation, expected_version,
  change_id, author, body, version, void)
SELECT 'control', s, toDateTime64({self.start}, 3, 'UTC'), 'server', {_SERVER} AS entity_id, 'put', -1, toString(s),
  'bench', {body}, s, 0 FROM (SELECT number AS s FROM numbers({self.servers}))
"""
        )
        self._run(
            f"""
INSERT INTO {self.database}.server_state (server_id, log_topic_id, log_partition, log_offset, log_append_time, status,
  previous_status, changed_at, last_seen_at, worst_level, topic_id)
SELECT {_SERVER}, 'state', s % 4, number, at, if(s % 40 = 0, 'warning', 'ok'), 'new', at, at,
  if(s % 40 = 0, 'warning', ''), 'bench'
FROM (SELECT number, number % {self.servers} AS s, toDateTime64({self.end}, 3, 'UTC') AS at
  FROM numbers({20 * self.servers}))
"""
        )
        self._run(
            f"""
INSERT INTO {self.database}.ticks (topic_id, partition, offset, append_time, source, producer_id, sequence,
  previous_sequence, recorded_at, sent_at, names, labels, values)
SELECT 'bench', number % 4, number, at, 'processor', 'tick', intDiv(number, 4), -1, at, at,
  ['pulsemon.control_offset'], ['partition=0'], [{self.servers}]
FROM (SELECT number, toDateTime64({self.end - DAY_SECONDS} + 5 * intDiv(number, 4), 3, 'UTC') AS at
  FROM numbers({4 * DAY_SECONDS // 5}))
"""
        )

    def _alerts(self) -> None:
        """Twenty that ended for each server, and one that fires for each fortieth."""
        alert = "lower(hex(MD5(toString(intDiv(number, 2)))))"
        self._run(
            f"""
INSERT INTO {self.database}.alerts_in (log_topic_id, log_partition, log_offset, log_append_time, event_id, alert_id,
  transition, server_id, rule_id, rule_author, metric, previous_state, state, level, reason, started_at, occurred_at,
  value, `limit`, topic_id)
SELECT 'alerts', s % 4, number, began, toString(number), {alert}, number % 2, {_SERVER}, 'cpu-busy', 'bench',
  'system.cpu.busy', 'firing', if(number % 2 = 0 OR is_open, 'firing', 'resolved'), 'warning', 'held',
  began, began + toIntervalMinute(10 * (number % 2)), 0.95, 0.9, 'bench'
FROM (SELECT number, intDiv(number, 2) % {self.servers} AS s, number < {2 * self.servers} AND s % 40 = 0 AS is_open,
  toDateTime64({self.end} - 600 - intDiv(number, {2 * self.servers}) * 36000, 3, 'UTC') AS began
  FROM numbers({2 * 20 * self.servers}))
"""
        )

    def _run(self, sql: str) -> None:
        settings = (
            "SETTINGS max_threads = 1, max_insert_threads = 1, max_block_size = 1000000, optimize_on_insert = 0, "
            "min_insert_block_size_rows = 10000000, max_partitions_per_insert_block = 0, insert_deduplicate = 0"
        )
        head, select = sql.split("SELECT", 1)
        self.store.rows(f"{head}{settings} SELECT{select}")


def settle(store: Store) -> None:
    """Returns when the engine has not merged for a second."""
    quiet, deadline = 0, time.monotonic() + MERGE_SECONDS
    while quiet < QUIET_POLLS and time.monotonic() < deadline:
        running = store.rows("SELECT count() FROM system.merges")[0][0]
        quiet = 0 if running else quiet + 1
        time.sleep(0.1)


def _texts(words: Sequence[str]) -> str:
    return "[" + ", ".join(f"'{one}'" for one in words) + "]"


def _values() -> str:
    return ", ".join(_value(number, one) for number, one in enumerate(SERIES))


def _value(number: int, one: Series) -> str:
    noise = f"(cityHash64({number}, s, t) % 200)"
    return _KINDS[one.kind].format(n=number, noise=noise)
