"""The long proof of ``pulsemon backfill``: weeks of real servers' history, each sample once, rollups as of pandas.

``PULSEMON_PROVE_HISTORY`` names a folder of CSV files with the columns ``timestamp`` (UTC) and ``value``, one series a
file, called NAME_SERVER.csv: recorded history of servers as people publish it. It is moved by whole days so that it
ends yesterday. Without it, this host is read some hundred times, a minute apart by the stamps. The command is killed
again and again while it stores, then runs to its end, and once more. The last line printed is a JSON object.
"""

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pulsemon_deploy.bench.report import commit
from pulsemon_deploy.bench.this_host import readings
from pulsemon_sinks.clickhouse.connection import NativeStore
from pulsemon_sinks.clickhouse.migrate import migrate
from pulsemon_sinks.clickhouse.settings import ClickHouseSettings
from pulsemon_sinks.rollups.job import Job
from support.clickhouse import Engine, running_engine
from support.pandas_rollups import KEY, recomputed

pytestmark = [pytest.mark.clickhouse, pytest.mark.slow, pytest.mark.timeout(3600)]

HISTORY = os.environ.get("PULSEMON_PROVE_HISTORY", "")
READINGS = 600
KILLS = 8
KEPT_DAYS = 120
DAY, MINUTE = 86_400, 60
TIERS = {"samples_1m": 60, "samples_1h": 3600, "samples_1d": DAY}
COLUMNS = [*KEY, "recorded_at", "value"]


def published(folder: Path) -> pd.DataFrame:
    """The samples of the files, ending yesterday; of two at one time the later line counts."""
    parts = []
    for path in sorted(folder.glob("*.csv")):
        name, _, server = path.stem.rpartition("_")
        table = pd.read_csv(path, dtype=str)
        times = pd.to_datetime(table["timestamp"], utc=True).dt.as_unit("s").astype("int64")
        parts.append(pd.DataFrame({"server_id": server, "name": f"history.{name}", "labels": "", "at": times,
                                   "value": table["value"].map(float)}))  # fmt: skip
    assert parts, f"{folder} holds no .csv"
    return _until_yesterday(pd.concat(parts, ignore_index=True))


def of_this_host() -> pd.DataFrame:
    """What the agent's collectors read here."""
    rows = [
        (one.server_id, name, labels, one.recorded_at_ms // 1000, value)
        for one in readings(READINGS, (int(time.time()) // DAY - 2) * DAY * 1000, MINUTE * 1000)
        for name, labels, value in zip(one.names, one.labels, one.values, strict=True)
    ]
    return pd.DataFrame(rows, columns=[*KEY, "at", "value"])


def _until_yesterday(samples: pd.DataFrame) -> pd.DataFrame:
    """Each series is moved by days of its own, as they were recorded in different years."""
    end = int(time.time()) // DAY
    newest = samples.groupby(KEY)["at"].transform("max") // DAY
    return samples.assign(at=samples["at"] + (end - 1 - newest) * DAY)


def written(samples: pd.DataFrame, folder: Path) -> list[Path]:
    """A file a server, in the form of an export."""
    times = pd.to_datetime(samples["at"], unit="s", utc=True).dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    table = samples.assign(recorded_at=times)[COLUMNS]
    paths = []
    for server, part in table.groupby("server_id"):
        paths.append(folder / f"{server}.csv")
        part.to_csv(paths[-1], index=False)
    return paths


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with running_engine(tmp_path) as found:
        yield found


def command(settings: ClickHouseSettings, home: Path, paths: list[Path]) -> "subprocess.Popen[bytes]":
    own = {name: getattr(settings, name) for name in ("host", "port", "http_port", "user", "database")}
    environment = {f"PULSEMON_CLICKHOUSE_{name.upper()}": str(value) for name, value in own.items()}
    environment |= {
        "PULSEMON_CLICKHOUSE_PASSWORD": settings.password.reveal(),
        "PULSEMON_LOCAL_HOME": str(home),
        "PATH": os.environ["PATH"],
    }
    argv = [sys.executable, "-m", "pulsemon_deploy.cli", "backfill", *map(str, paths)]
    return subprocess.Popen(argv, env=environment, stderr=subprocess.PIPE)


def completed(settings: ClickHouseSettings, home: Path, paths: list[Path]) -> float:
    """Seconds that a run takes."""
    began = time.monotonic()
    running = command(settings, home, paths)
    said = running.communicate(timeout=1800)[1]
    assert running.returncode == 0, said.decode()
    return time.monotonic() - began


def killed(settings: ClickHouseSettings, home: Path, paths: list[Path], seconds: float) -> int:
    """Runs that were killed before their end."""
    chance, count = random.Random(7), 0
    for number in range(KILLS):
        running = command(settings, home, paths)
        # over the whole of its work, wherever that is then
        time.sleep(seconds * (number + chance.random()) / KILLS)
        count += running.poll() is None
        running.kill()
        running.communicate()
    return count


def test_history_of_real_servers_is_stored_once_with_the_rollups_of_pandas(engine: Engine, tmp_path: Path) -> None:
    samples = published(Path(HISTORY)) if HISTORY else of_this_host()
    paths = written(samples, tmp_path)
    wanted = samples.drop_duplicates([*KEY, "at"], keep="last").sort_values([*KEY, "at"]).reset_index(drop=True)
    settings, rehearsal = engine.fresh_database(), engine.fresh_database()
    store = NativeStore(settings)
    for one in (rehearsal, settings):
        migrate(one, store)
        for table, at in (("samples", "toDateTime(recorded_at)"), ("samples_1m", "starts_at")):
            store.rows(f"ALTER TABLE {one.database}.{table} MODIFY TTL {at} + INTERVAL {KEPT_DAYS} DAY")
    seconds = completed(rehearsal, tmp_path / "home", paths)
    kills = killed(settings, tmp_path / "home", paths, seconds)
    partly = stored(store, settings.database)
    for _ in range(2):
        completed(settings, tmp_path / "home", paths)
    found = stored(store, settings.database)
    assert len(found) == len(wanted)
    pd.testing.assert_frame_equal(found[[*KEY, "at"]], wanted[[*KEY, "at"]])
    assert np.array_equal(found["value"].to_numpy().view("int64"), wanted["value"].to_numpy().view("int64"))
    made = Job(store, settings.database, "unused", lambda: False).run()
    assert made is not None
    rows = {table: same_rollups(store, settings.database, table, wanted) for table in TIERS}
    store.close()
    span = (wanted["at"].max() - wanted["at"].min()) / DAY
    figures = {
        "name": "backfill", "commit": commit(), "history": Path(HISTORY).name if HISTORY else "this host",
        "series": len(wanted.groupby(KEY)), "days": round(span, 1), "samples_in_files": len(samples),
        "samples_once": len(wanted), "kills": kills, "samples_after_the_kills": len(partly),
        "seconds_of_a_run": round(seconds, 1), "rows_equal": rows,
    }  # fmt: skip
    print(f"\n{json.dumps(figures)}")
    assert kills


def stored(store: NativeStore, database: str) -> pd.DataFrame:
    rows = store.rows(
        f"SELECT toString(server_id), toString(name), toString(labels), toInt64(toUnixTimestamp(recorded_at)) AS at, "
        f"value FROM {database}.samples FINAL ORDER BY 1, 2, 3, 4"
    )
    return pd.DataFrame(rows, columns=[*KEY, "at", "value"])


def same_rollups(store: NativeStore, database: str, table: str, samples: pd.DataFrame) -> int:
    """Compares every row of a tier with pandas' own; how many there are."""
    quantiles = "" if table == "samples_1m" else ", p50, p95, p99"
    rows: list[tuple[Any, ...]] = store.rows(
        f"SELECT toString(server_id), toString(name), toString(labels), toInt64(toUnixTimestamp(starts_at)) AS t, "
        f"min_value, max_value, avg_value, last_value, toInt64(samples){quantiles} "
        f"FROM {database}.{table} FINAL ORDER BY 1, 2, 3, t"
    )
    names = ["min", "max", "mean", "last", "count", *(["p50", "p95", "p99"] if quantiles else [])]
    found = pd.DataFrame(rows, columns=[*KEY, "t", *names]).set_index([*KEY, "t"])
    wanted = recomputed(samples, TIERS[table])[names]
    assert list(found.index) == list(wanted.index), table
    assert (found["count"] == wanted["count"]).all()
    assert np.array_equal(found["last"].to_numpy(), wanted["last"].to_numpy())
    for name in names:
        # extremes, percentiles and the minutes' averages are kept as Float32
        np.testing.assert_allclose(found[name], wanted[name], rtol=2e-7, atol=1e-30, err_msg=f"{table} {name}")
    return len(found)
