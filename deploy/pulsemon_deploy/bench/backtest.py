"""``bench backtest``: one rule over a week of 200 servers, from the question to the answer.

Samples every 10 s, minutes beside them, in a real engine. Each server is busy for some minutes a day, some of them long
enough for the rule; a round asks with another limit, as a slider does. Figures are wall time, ``cpu_seconds`` those of
this process.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pulsemon_schemas.rules import parse_rule
from pulsemon_sinks.clickhouse.connection import NativeStore
from pulsemon_sinks.clickhouse.migrate import migrate
from pulsemon_sinks.reader.alerts import asker
from pulsemon_sinks.reader.series_history import StoredSeries
from pulsemon_sinks.reader.tiers import Reach
from pulsemon_stream_processors.replay.backtest import Backtest, JudgedSeries

from pulsemon_deploy.bench import parts
from pulsemon_deploy.bench.figures import Measurement
from pulsemon_deploy.bench.runner import Bench

SERVERS, DAYS, STEP_SECONDS = 200, 7, 10
DAY_SECONDS = 86_400
METRIC = "system.cpu.busy"
LIMITS = (0.9, 0.85, 0.95, 0.8, 0.92)

_SAMPLES = """
INSERT INTO {database}.samples (server_id, name, labels, recorded_at, value)
SELECT concat('host-', toString(host)), %(metric)s, '', fromUnixTimestamp64Milli(at * 1000),
  if(is_busy, 0.76 + 0.2 * (luck %% 100) / 100, 0.2) + 0.03 * (cityHash64(host, at) %% 1000) / 1000
FROM (
  SELECT number %% %(servers)s AS host, toInt64(%(start)s + intDiv(number, %(servers)s) * %(step)s) AS at,
    cityHash64(host, intDiv(at, 86400)) %% 86400 AS luck,
    (at + luck) %% 86400 < 120 + luck %% 1200 AS is_busy
  FROM system.numbers LIMIT %(count)s
)
"""
_MINUTES = """
INSERT INTO {database}.samples_1m
  (name, server_id, labels, starts_at, min_value, max_value, avg_value, last_value, last_at, samples)
SELECT name, server_id, labels, toStartOfMinute(recorded_at), min(value), max(value), avg(value),
  argMax(value, recorded_at), max(recorded_at), count()
FROM {database}.samples GROUP BY name, server_id, labels, toStartOfMinute(recorded_at)
"""


@dataclass
class BacktestRounds:
    """One limit after the other."""

    store: NativeStore
    database: str
    start: int
    _round: int = 0

    def warm_up(self) -> None:
        """Asks once."""
        self.measure()

    def measure(self) -> Mapping[str, Measurement]:
        """One question."""
        limit = LIMITS[self._round % len(LIMITS)]
        self._round += 1
        rule = parse_rule("busy", {"metric": METRIC, "levels": {"critical": {"limit": limit, "for_seconds": 120}}})
        end = self.start + DAYS * DAY_SECONDS
        history = StoredSeries(asker(self.store, self.database), Reach(made_before=end), end * 1000)
        began, cpu = time.perf_counter(), time.process_time()
        outcome = Backtest(history).run(JudgedSeries(rule), self.start * 1000, end * 1000)
        seconds, cpu_seconds = time.perf_counter() - began, time.process_time() - cpu
        if outcome.series != SERVERS or not outcome.episodes or outcome.approximate:
            raise AssertionError(f"{outcome.series} series, {len(outcome.episodes)} alerts, {outcome.approximate}")
        return {
            "seconds": Measurement(seconds, "s"),
            "cpu_seconds": Measurement(cpu_seconds, "s"),
            "samples_in_range": Measurement(SERVERS * DAYS * DAY_SECONDS / STEP_SECONDS, "samples"),
            "samples_looked_at": Measurement(outcome.samples, "samples"),
            "alerts": Measurement(len(outcome.episodes), "alerts"),
        }


@contextmanager
def prepare(folder: Path, _quick: bool) -> Iterator[BacktestRounds]:
    """Starts the engine alone, and fills it by its own means."""
    with parts.engine(folder) as (_, settings):
        store = NativeStore(settings)
        try:
            migrate(settings, store)
            start = (int(time.time()) // DAY_SECONDS - DAYS) * DAY_SECONDS
            count = SERVERS * DAYS * DAY_SECONDS // STEP_SECONDS
            values = {"metric": METRIC, "servers": SERVERS, "start": start, "step": STEP_SECONDS, "count": count}
            store.rows(_SAMPLES.replace("{database}", settings.database), values)
            store.rows(_MINUTES.replace("{database}", settings.database), {})
            yield BacktestRounds(store, settings.database, start)
        finally:
            store.close()


BENCH = Bench(prepare, rounds=5, quick_rounds=3, packages=("chdb", "clickhouse-driver"))
