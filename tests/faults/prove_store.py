"""The long proof of the store: whatever is killed, history holds what was produced, and all tiers say the same of it.

One sink, then three, an engine and a broker are killed and stopped at random, with bad, repeated and late records.
``PULSEMON_PROVE_KILLS`` makes it shorter.
"""

import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from pulsemon_schemas.records import MetricBatch
from pulsemon_sinks.rollups.job import LEASE_SECONDS, Job
from pulsemon_sinks.rollups.touched import request
from support.clickhouse import Engine, running_engine
from support.kafka import Broker, running_broker
from support.sinks import Place, SinkProcess, batch, headers, running_sink
from support.waiting import wait_until

pytestmark = [pytest.mark.kafka, pytest.mark.clickhouse, pytest.mark.slow, pytest.mark.timeout(3600)]

SEED = 20
SERVERS = tuple(f"web-{n:02d}" for n in range(12))
KILLS = int(os.environ.get("PULSEMON_PROVE_KILLS", "60"))
BATCHES_A_ROUND = 6
SAMPLES_A_BATCH = 3
DAY_MS = 86_400_000
# Days that are over, so that all tiers are made of them: what is sent as late comes two days after its time.
YESTERDAY_MS = (int(time.time()) * 1000 // DAY_MS - 1) * DAY_MS
LATE_MS = YESTERDAY_MS - 2 * DAY_MS
MINUTE_MS = 60_000
TIERS = ("samples_1m", "samples_1h", "samples_1d")
# What tells a sink where it stands; without it, it reads the log from the first offset.
STANDING = ("sink_ledger", "sink_skips", "sink_letters")
REPLAYED = {
    "samples": "*",
    "batches": "* EXCEPT inserted_at",
    **dict.fromkeys(TIERS, "*"),
}
REPLAY_SECONDS = 120.0


class Storm:
    """What is done to the parts; each act leaves them running."""

    def __init__(self, place: Place, broker: Broker, engine: Engine, folder: Path) -> None:
        self.chance = random.Random(SEED)
        self.counts: dict[str, int] = {}
        self._place = place
        self._broker = broker
        self._engine = engine
        self._folder = folder
        self._sinks: list[SinkProcess] = []
        self._stopped: SinkProcess | None = None
        self._acts: list[tuple[int, Callable[[], None]]] = [
            (12, self.kill_sink),
            (4, self.kill_engine),
            (2, self.kill_broker),
            (4, self.stop_or_continue),
            (8, self.leave),
        ]

    @property
    def kills(self) -> int:
        return sum(count for name, count in self.counts.items() if name.startswith("kill"))

    def add_sinks(self, count: int) -> None:
        """So many there are from now on."""
        while len(self._sinks) < count:
            one = SinkProcess(self._place, self._folder / f"sink-{len(self._sinks)}.log", self._settings())
            one.start()
            self._sinks.append(one)

    def end(self) -> None:
        for one in self._sinks:
            one.stop()

    def act(self) -> None:
        weights = [weight for weight, _ in self._acts]
        act = self.chance.choices([act for _, act in self._acts], weights)[0]
        act()
        self.counts[act.__name__] = self.counts.get(act.__name__, 0) + 1

    def kill_sink(self) -> None:
        one = self.chance.choice(self._sinks)
        if one is self._stopped:
            self._stopped = None
        one.stop()
        one.changes = self._settings()
        one.start()

    def kill_engine(self) -> None:
        self._engine.kill()
        self._engine.start()

    def kill_broker(self) -> None:
        self._broker.kill()
        self._broker.start()

    def stop_or_continue(self) -> None:
        """A stopped sink loses its partitions to the others, and goes on later as a zombie."""
        if self._stopped is not None:
            self._stopped.signal(signal.SIGCONT)
            self._stopped = None
            return
        self._stopped = self.chance.choice(self._sinks)
        self._stopped.signal(signal.SIGSTOP)

    def leave(self) -> None:
        """Lets them work."""

    def _settings(self) -> dict[str, object]:
        return {"flush_samples": self.chance.randint(15, 90), "flush_seconds": self.chance.choice([0.05, 0.3])}


class Sent:
    """What was produced: batches in order of each producer, copies and bad records besides."""

    def __init__(self, place: Place, chance: random.Random) -> None:
        self.bad = 0
        self.rounds = 0
        self.late = 0
        self._place = place
        self._chance = chance

    @property
    def batches(self) -> int:
        """Of one server, in time."""
        return self.rounds * BATCHES_A_ROUND

    @property
    def all_batches(self) -> int:
        return (self.batches + self.late) * len(SERVERS)

    def one_round(self) -> None:
        numbers = range(self.batches, self.batches + BATCHES_A_ROUND)
        sent = [timely(server, number) for number in numbers for server in SERVERS]
        self.rounds += 1
        if self._chance.random() < 0.3:
            sent += [late(server, self.late) for server in SERVERS]
            self.late += 1
        self._place.send(sent)
        self._place.send(self._chance.sample(sent, 3))  # sent again, under new offsets
        for _ in range(self._chance.randint(0, 2)):
            self._place.send_raw(b"web-00", b"\0garbage", partition=self._chance.randrange(4))
            self.bad += 1
        self._place.flush()


def timely(server: str, number: int) -> MetricBatch:
    at_ms = YESTERDAY_MS + number * MINUTE_MS
    return batch(server, number, recorded_at_ms=at_ms, sent_at_ms=at_ms + 5)


def late(server: str, number: int) -> MetricBatch:
    """Of a spool that was found two days later: a producer of its own."""
    at_ms = LATE_MS + number * MINUTE_MS
    return batch(server, number, producer_id=f"{server}-late", recorded_at_ms=at_ms, sent_at_ms=at_ms + 2 * DAY_MS)


@contextmanager
def storm(folder: Path) -> Iterator[tuple[Storm, Place]]:
    with ExitStack() as parts:
        broker = parts.enter_context(running_broker(folder / "broker"))
        engine = parts.enter_context(running_engine(folder))
        place = Place(broker, engine.fresh_database(), broker.create_topics("prove", partition_count=4), 4)
        parts.callback(place.store.close)
        found = Storm(place, broker, engine, folder)
        parts.callback(found.end)
        yield found, place


def test_history_holds_what_was_produced_whatever_dies(tmp_path: Path) -> None:
    with storm(tmp_path) as (parts, place):
        sent = Sent(place, parts.chance)
        parts.add_sinks(1)
        sent.one_round()
        place.wait_for("batches", sent.all_batches, timeout_seconds=60)
        while parts.kills < KILLS:
            if parts.kills >= KILLS // 4:
                parts.add_sinks(3)
            sent.one_round()
            parts.act()
            time.sleep(parts.chance.uniform(0.2, 1.2))  # the parts get on with it, for as long as they happen to
        parts.end()
        with running_sink(place):
            place.wait_for("batches", sent.all_batches, timeout_seconds=120)
            place.wait_for("samples", SAMPLES_A_BATCH * sent.all_batches)
            letters = place.dead_letters(sent.bad, timeout_seconds=60)
        assert len({(headers(one)["partition"], headers(one)["offset"]) for one in letters}) == sent.bad
        check_sequences(place, sent)
        check_chains(place)
        make_rollups(place)
        check_tiers(place, sent)
        before = fingerprints(place)
        replay(place)
        assert fingerprints(place) == before
        print(
            f"\n{parts.counts}: {sent.all_batches:,} batches, {SAMPLES_A_BATCH * sent.all_batches:,} samples, "
            f"{sent.late * len(SERVERS)} late batches, {sent.bad} bad records"
        )
        if KILLS >= 60:
            assert all(
                parts.counts.get(name) for name in ("kill_sink", "kill_engine", "kill_broker", "stop_or_continue")
            )


def check_sequences(place: Place, sent: Sent) -> None:
    rows = place.rows(
        "SELECT producer_id, count(), uniqExact(sequence), max(sequence) + 1 FROM {}.batches FINAL GROUP BY producer_id"
    )
    counts = {f"{one}-p": sent.batches for one in SERVERS} | {f"{one}-late": sent.late for one in SERVERS if sent.late}
    assert {row[0]: row[1:] for row in rows} == {name: (count, count, count) for name, count in counts.items()}
    firsts = place.rows(
        "SELECT countIf(b.offset > s.first) FROM {}.batches AS b FINAL INNER JOIN (SELECT producer_id, sequence, "
        "min(offset) AS first FROM {}.batches GROUP BY ALL) AS s USING (producer_id, sequence)"
    )
    assert firsts == [(0,)], "a batch that was sent twice lost its first place"


def check_chains(place: Place) -> None:
    """No gap between blocks, no block cut twice."""
    broken = place.rows(
        "SELECT countIf(before != -1 AND first_offset != before + 1) FROM (SELECT first_offset, "
        "lagInFrame(last_offset, 1, -1) OVER (PARTITION BY partition ORDER BY first_offset "
        "ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS before FROM {}.sink_ledger)"
    )
    assert broken == [(0,)]


def make_rollups(place: Place) -> None:
    """A sink that was killed with the turn keeps it until its lease is over."""
    job = Job(place.store, place.clickhouse.database, place.topic("metrics"), lambda: False)
    wait_until(lambda: job.run() is not None, LEASE_SECONDS + 30.0, "the turn to make rollups")


def check_tiers(place: Place, sent: Sent) -> None:
    """Counts and sums of each series and day, in each tier, are those of what was produced."""
    wanted: dict[tuple[Any, ...], tuple[int, float]] = {}
    for day_ms, count in ((YESTERDAY_MS, sent.batches), (LATE_MS, sent.late)):
        for name, total in (
            ("system.cpu.busy", 0.5 * count),
            ("system.filesystem.utilization", 0.25 * count),
            ("test.plain", count * (count - 1) / 2),
        ):
            wanted |= {(server, name, day_ms // DAY_MS): (count, total) for server in SERVERS if count}
    for table in ("samples", *TIERS):
        is_raw = table == "samples"
        one = "recorded_at AS at, 1 AS n, value AS v" if is_raw else "starts_at AS at, samples AS n, avg_value * n AS v"
        rows = place.rows(
            f"SELECT server_id, name, toUInt32(toDate(at)), sum(n), sum(v) "
            f"FROM (SELECT server_id, name, {one} FROM {{}}.{table} FINAL) GROUP BY ALL"
        )
        found = {row[:3]: row[3:] for row in rows}
        assert {key: count for key, (count, _) in found.items()} == {key: count for key, (count, _) in wanted.items()}
        for key, (_, total) in wanted.items():
            assert found[key][1] == pytest.approx(total, rel=1e-6), (table, key)


def fingerprints(place: Place) -> dict[str, tuple[Any, ...]]:
    """Every row of every table that a replay touches."""
    return {
        table: place.rows(f"SELECT count(), groupBitXor(cityHash64({columns})) FROM {{}}.{table} FINAL")[0]
        for table, columns in REPLAYED.items()
    }


def replay(place: Place) -> None:
    """A sink that knows nothing of what is stored reads the log from offset 0, in other blocks."""
    ends = stored_to(place)
    for table in STANDING:
        place.rows(f"RENAME TABLE {{}}.{table} TO {{}}.{table}_before")
        place.rows(f"CREATE TABLE {{}}.{table} AS {{}}.{table}_before")
    with running_sink(place, flush_samples=50_000, group_id=f"pulsemon-sink-replay-{place.clickhouse.database}"):
        wait_until(lambda: stored_to(place) == ends, REPLAY_SECONDS, "everything is stored again")
        hours = place.rows("SELECT DISTINCT toUInt32(intDiv(toUnixTimestamp(recorded_at), 3600)) FROM {}.samples")
    blocks = [place.rows(f"SELECT count() FROM {{}}.{table}")[0][0] for table in ("sink_ledger", "sink_ledger_before")]
    assert blocks[0] < blocks[1], "the same blocks have the same tokens: nothing was written again"
    request(place.store, place.clickhouse.database, "replay", (row[0] for row in hours))
    make_rollups(place)


def stored_to(place: Place) -> dict[int, int]:
    return dict(place.rows("SELECT partition, max(last_offset) FROM {}.sink_ledger GROUP BY partition"))
