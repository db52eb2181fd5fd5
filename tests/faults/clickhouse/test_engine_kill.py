"""kill -9 and SIGTERM under load: a row whose insert was acknowledged is stored, and no batch is stored by half."""

import http.client
import threading
import time
import urllib.parse
from collections.abc import Callable
from pathlib import Path

import pytest
from clickhouse_driver import Client
from clickhouse_driver.errors import Error
from pulsemon_sinks.clickhouse.settings import ClickHouseSettings
from support.clickhouse import Engine, running_engine
from support.waiting import wait_until

pytestmark = pytest.mark.clickhouse

KILLS = 3
BATCH_ROWS = 1000
ROUND_BATCHES = 25  # acknowledged by each writer before a kill

Insert = Callable[[int, int], None]


class Writer(threading.Thread):
    """Inserts numbered batches, each under its own token, and repeats one that was not acknowledged."""

    def __init__(self, number: int, insert: Insert, close: Callable[[], None]) -> None:
        super().__init__(name=f"writer-{number}", daemon=True)
        self._number = number
        self._insert = insert
        self._close = close
        self._is_told_to_stop = threading.Event()
        self.acknowledged = 0
        self.failures = 0

    def run(self) -> None:
        is_at_rest = False
        while not (self._is_told_to_stop.is_set() and is_at_rest):
            is_at_rest = False
            try:
                self._insert(self._number, self.acknowledged)
                self.acknowledged += 1
                is_at_rest = True
            except (Error, OSError, EOFError, http.client.HTTPException):
                self.failures += 1
                self._close()
                time.sleep(0.02)  # the engine is away: a moment between attempts
        self._close()

    def stop(self) -> int:
        """Ends when the batch at hand is acknowledged; returns the number of acknowledged batches."""
        self._is_told_to_stop.set()
        self.join(60)
        assert not self.is_alive()
        return self.acknowledged


def _native(settings: ClickHouseSettings) -> Writer:
    client = Client(
        settings.host,
        settings.port,
        user=settings.user,
        password=settings.password.reveal(),
        database=settings.database,
    )

    def insert(writer: int, batch: int) -> None:
        rows = [(writer, batch, row) for row in range(BATCH_ROWS)]
        client.execute("INSERT INTO t VALUES", rows, settings={"insert_deduplication_token": f"{writer}:{batch}"})

    return Writer(1, insert, client.disconnect)


def _http(settings: ClickHouseSettings) -> Writer:
    connection = http.client.HTTPConnection(settings.host, settings.http_port, timeout=30)
    login = {"X-ClickHouse-User": settings.user, "X-ClickHouse-Key": settings.password.reveal()}

    def insert(writer: int, batch: int) -> None:
        sql = f"INSERT INTO t SETTINGS insert_deduplication_token = '{writer}:{batch}' FORMAT TSV"
        query = urllib.parse.urlencode({"query": sql, "database": settings.database})
        body = b"".join(b"%d\t%d\t%d\n" % (writer, batch, row) for row in range(BATCH_ROWS))
        connection.request("POST", f"/?{query}", body, login)
        answer = connection.getresponse()
        text = answer.read()
        if answer.status != 200:
            raise http.client.HTTPException(text)

    return Writer(2, insert, connection.close)


def _prepare(engine: Engine) -> tuple[ClickHouseSettings, list[Writer]]:
    settings = engine.fresh_database()
    with engine.client(settings) as client:
        window = "non_replicated_deduplication_window = 10000"
        columns = "writer UInt8, batch UInt32, row UInt32"
        client.execute(f"CREATE TABLE t ({columns}) ENGINE = MergeTree ORDER BY (writer, batch, row) SETTINGS {window}")
    writers = [_native(settings), _http(settings)]
    for writer in writers:
        writer.start()
    return settings, writers


def _wait_for_batches(writers: list[Writer]) -> None:
    """Until each writer has so many more batches acknowledged."""
    goals = {writer: writer.acknowledged + ROUND_BATCHES for writer in writers}
    wait_until(
        lambda: all(writer.acknowledged >= goal for writer, goal in goals.items()), 30, "batches are acknowledged"
    )


def _stored(engine: Engine, settings: ClickHouseSettings) -> dict[int, set[int]]:
    """The batches that are there; asserts that each is whole and there once."""
    with engine.client(settings) as client:
        rows = client.execute("SELECT writer, batch, count(), uniqExact(row) FROM t GROUP BY writer, batch")
    assert {(count, unique) for _, _, count, unique in rows} == {(BATCH_ROWS, BATCH_ROWS)}
    return {number: {batch for writer, batch, _, _ in rows if writer == number} for number in (1, 2)}


def test_kill_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    with running_engine(tmp_path) as engine:
        settings, writers = _prepare(engine)
        for _ in range(KILLS):
            _wait_for_batches(writers)
            engine.kill()
            engine.start()
        counts = {number: writer.stop() for number, writer in enumerate(writers, 1)}
        assert all(writer.failures for writer in writers), "the kills hit nobody"
        assert _stored(engine, settings) == {number: set(range(count)) for number, count in counts.items()}
        with engine.client(settings) as client:
            assert all(is_whole for _, is_whole, _ in client.execute("CHECK TABLE t"))


def test_sigterm_finishes_what_runs(tmp_path: Path) -> None:
    with running_engine(tmp_path) as engine:
        settings, writers = _prepare(engine)
        _wait_for_batches(writers)
        answers: list[object] = []

        def ask() -> None:
            with engine.client(settings) as client:
                answers.append(client.execute("SELECT sleepEachRow(0.3) FROM numbers(3) SETTINGS max_block_size = 1"))

        slow = threading.Thread(target=ask)
        slow.start()
        with engine.client(settings) as client:
            running = "SELECT count() FROM system.processes WHERE query LIKE '%sleepEachRow(0.3)%'"
            wait_until(lambda: client.execute(running)[0][0] >= 2, what="the slow query runs")
            client.disconnect()
        begun = time.monotonic()
        assert engine.stop() == 0
        slow.join(10)
        assert answers == [[(0,)] * 3]
        assert time.monotonic() - begun < 10
        engine.start()
        counts = {number: writer.stop() for number, writer in enumerate(writers, 1)}
        assert _stored(engine, settings) == {number: set(range(count)) for number, count in counts.items()}


def test_a_statement_that_outlives_the_drain_is_cancelled(tmp_path: Path) -> None:
    with running_engine(tmp_path, drain_seconds=0.3) as engine:
        codes: list[int] = []

        def ask() -> None:
            with engine.client() as client:
                try:
                    client.execute(
                        "SELECT sum(cityHash64(number)) FROM numbers(3000000000000) SETTINGS max_threads = 1"
                    )
                except Error as error:
                    codes.append(error.code)

        endless = threading.Thread(target=ask)
        endless.start()
        with engine.client() as client:
            running = "SELECT count() FROM system.processes WHERE query LIKE '%3000000000000%'"
            wait_until(lambda: client.execute(running)[0][0] >= 2, what="the endless query runs")
        assert engine.stop() == 0
        endless.join(10)
        assert codes == [394]


def test_a_client_that_does_not_read_does_not_hold_the_stop(tmp_path: Path) -> None:
    with running_engine(tmp_path, drain_seconds=0.3) as engine, engine.client() as client:
        stream = client.execute_iter("SELECT number FROM system.numbers")
        next(stream)
        assert engine.stop() == 0
        client.disconnect()
