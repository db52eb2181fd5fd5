"""A client that cancels, hangs up or goes silent costs the engine nothing for long."""

import socket
import threading
import time

import pytest
from clickhouse_driver import Client
from clickhouse_driver.errors import ServerException
from pulsemon_sinks.clickhouse.settings import ClickHouseSettings
from support.clickhouse import Engine
from support.waiting import wait_until

pytestmark = pytest.mark.clickhouse

ENDLESS = "SELECT sum(cityHash64(number)) FROM numbers(1000000000000) SETTINGS max_threads = 1, max_block_size = 1000"


def _running(writer: Client) -> int:
    ours = "query LIKE '%1000000000000%' AND query NOT LIKE '%processes%' AND query NOT LIKE '%KILL%'"
    ((count,),) = writer.execute(f"SELECT count() FROM system.processes WHERE {ours}")
    return int(count)


def _send(client: Client, sql: str) -> None:
    """Sends a statement and does not wait for its answer."""
    connection = client.connection  # type: ignore[attr-defined] # the stubs hold the public part
    connection.force_connect()
    connection.send_query(sql)
    connection.send_external_tables(None)


def test_cancel(clickhouse: Engine, own: ClickHouseSettings, writer: Client) -> None:
    with clickhouse.client(own) as client:
        stream = client.execute_iter("SELECT number FROM system.numbers")
        next(stream)
        begun = time.monotonic()
        with pytest.raises(ServerException) as cancelled:
            client.cancel()
        assert cancelled.value.code == 394
        assert time.monotonic() - begun < 5


def test_cancel_before_the_first_row(clickhouse: Engine, own: ClickHouseSettings, writer: Client) -> None:
    with clickhouse.client(own) as client:
        _send(client, ENDLESS)
        wait_until(lambda: _running(writer) == 1, what="the query runs")
        with pytest.raises(ServerException) as cancelled:
            client.cancel()
        assert cancelled.value.code == 394
        assert client.execute("SELECT 1") == [(1,)]


def test_hanging_up_ends_the_query(clickhouse: Engine, own: ClickHouseSettings, writer: Client) -> None:
    with clickhouse.client(own) as client:
        _send(client, ENDLESS)
        wait_until(lambda: _running(writer) == 1, what="the query runs")
    wait_until(lambda: _running(writer) == 0, what="the query ended with its client")


def test_kill_query(clickhouse: Engine, own: ClickHouseSettings, writer: Client) -> None:
    codes: list[int] = []

    def run() -> None:
        with clickhouse.client(own) as client:
            try:
                client.execute(ENDLESS)
            except ServerException as error:
                codes.append(error.code)

    thread = threading.Thread(target=run)
    thread.start()
    wait_until(lambda: _running(writer) == 1, what="the query runs")
    writer.execute("KILL QUERY WHERE query LIKE '%1000000000000%' AND query NOT LIKE 'KILL%' SYNC")
    thread.join(10)
    assert codes == [394]


def test_hanging_up_in_an_insert_stores_nothing(clickhouse: Engine, own: ClickHouseSettings, writer: Client) -> None:
    writer.execute("CREATE TABLE t (a Int32) ENGINE = MergeTree ORDER BY a")

    def rows() -> object:
        yield from ((number,) for number in range(200_000))
        raise RuntimeError("the sender fails")

    with clickhouse.client(own) as client, pytest.raises(RuntimeError):
        client.execute("INSERT INTO t VALUES", rows(), settings={"insert_block_size": 1000})
    with clickhouse.client(own) as client:
        _send(client, "INSERT INTO t VALUES")
    assert writer.execute("INSERT INTO t VALUES", [(1,)]) == 1
    assert writer.execute("SELECT count() FROM t") == [(1,)]


def test_garbage_does_no_harm(clickhouse: Engine, writer: Client) -> None:
    port, http_port = clickhouse.engine_settings.port, clickhouse.engine_settings.http_port
    garbage = [
        b"",
        b"\x00",
        b"\xff" * 5000,
        b"GET / HTTP/1.1\r\n\r\n",
        bytes(range(256)) * 8,
        b"\x00\xff\xff\xff\xff\x7f",
    ]
    held = []
    for place in range(100):
        sent = garbage[place % len(garbage)]
        client = socket.create_connection(("127.0.0.1", (port, http_port)[place % 2]), timeout=5)
        client.sendall(sent)
        held.append(client)
    assert writer.execute("SELECT 1") == [(1,)]
    for client in held:
        client.close()
    assert writer.execute("SELECT 1") == [(1,)]


def test_many_at_once(clickhouse: Engine, own: ClickHouseSettings) -> None:
    answers: list[object] = []

    def run() -> None:
        with clickhouse.client(own) as client:
            answers.append(client.execute("SELECT sleep(0.5)"))

    threads = [threading.Thread(target=run) for _ in range(40)]
    begun = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert answers == [[(0,)]] * 40
    assert time.monotonic() - begun < 10  # one after the other they would take 20 s
