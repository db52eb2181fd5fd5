"""The long proof: three sinks, an engine and a broker, killed and stopped at random, with bad and repeated records."""

import random
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from support.clickhouse import Engine, running_engine
from support.kafka import Broker, running_broker
from support.sinks import Place, SinkProcess, batch, headers, running_sink

pytestmark = [pytest.mark.kafka, pytest.mark.clickhouse, pytest.mark.slow, pytest.mark.timeout(900)]

SEED = 20
SERVERS = tuple(f"web-{n:02d}" for n in range(12))
ROUNDS = 60
BATCHES_A_ROUND = 6


class Storm:
    """What is done to the parts; each act leaves them running."""

    def __init__(self, place: Place, broker: Broker, engine: Engine, folder: Path) -> None:
        self.chance = random.Random(SEED)
        self.counts: dict[str, int] = {}
        self._place = place
        self._broker = broker
        self._engine = engine
        self._sinks = [SinkProcess(place, folder / f"sink-{n}.log", self._settings()) for n in range(3)]
        self._stopped: SinkProcess | None = None
        self._acts: list[tuple[int, Callable[[], None]]] = [
            (12, self.kill_sink),
            (4, self.kill_engine),
            (2, self.kill_broker),
            (4, self.stop_or_continue),
            (8, lambda: None),
        ]

    def _settings(self) -> dict[str, object]:
        return {"flush_samples": self.chance.randint(15, 90), "flush_seconds": self.chance.choice([0.05, 0.3])}

    def start(self) -> None:
        for one in self._sinks:
            one.start()

    def end(self) -> None:
        for one in self._sinks:
            one.stop()

    def act(self) -> None:
        weights = [weight for weight, _ in self._acts]
        act = self.chance.choices([act for _, act in self._acts], weights)[0]
        act()
        self.counts[getattr(act, "__name__", "")] = self.counts.get(getattr(act, "__name__", ""), 0) + 1

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


def test_everything_is_stored_once_whatever_dies(tmp_path: Path) -> None:
    with storm(tmp_path) as (parts, place):
        parts.start()
        place.send(batch(server, 0) for server in SERVERS)
        place.wait_for("batches", len(SERVERS), timeout_seconds=60)
        bad = 0
        for number in range(ROUNDS):
            first = number * BATCHES_A_ROUND
            sent = [batch(server, n) for n in range(first, first + BATCHES_A_ROUND) for server in SERVERS]
            place.send(sent)
            place.send(parts.chance.sample(sent, 3))  # sent again, under new offsets
            for _ in range(parts.chance.randint(0, 2)):
                place.send_raw(b"web-00", b"\0garbage", partition=parts.chance.randrange(4))
                bad += 1
            place.flush()
            parts.act()
            time.sleep(parts.chance.uniform(0.2, 1.2))  # the parts get on with it, for as long as they happen to
        parts.end()
        count = ROUNDS * BATCHES_A_ROUND
        with running_sink(place):
            place.wait_for("batches", count * len(SERVERS), timeout_seconds=120)
            place.wait_for("samples", 3 * count * len(SERVERS))
            letters = place.dead_letters(bad, timeout_seconds=60)
        check_sequences(place, count)
        check_chains(place)
        assert len({(headers(one)["partition"], headers(one)["offset"]) for one in letters}) == bad
        assert sum(parts.counts.values()) == ROUNDS
        assert all(parts.counts.get(name) for name in ("kill_sink", "kill_engine", "kill_broker", "stop_or_continue"))


def check_sequences(place: Place, count: int) -> None:
    rows = place.rows(
        "SELECT producer_id, count(), uniqExact(sequence), max(sequence) FROM {}.batches FINAL GROUP BY producer_id"
    )
    assert {row[1:] for row in rows} == {(count, count, count - 1)}
    assert len(rows) == len(SERVERS)
    sums = place.rows("SELECT server_id, sum(value) FROM {}.samples FINAL WHERE name = 'test.plain' GROUP BY server_id")
    assert {row[1] for row in sums} == {float(count * (count - 1) // 2)}
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
