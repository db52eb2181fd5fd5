"""The HTTP port by http.client: what the sink's bulk inserts and any other client rely on."""

import base64
import gzip
import http.client
import io
import json
import zlib
from collections.abc import Iterator
from typing import Any

import fastavro
import lz4.frame
import pytest
from clickhouse_driver import Client
from clickhouse_driver.errors import ServerException
from pulsemon_sinks.clickhouse.settings import ClickHouseSettings
from support.clickhouse import Engine, running_engine
from support.http_port import Port, open_port
from support.waiting import wait_until

pytestmark = pytest.mark.clickhouse

SCHEMA = fastavro.parse_schema(
    {
        "type": "record",
        "name": "Landing",
        "fields": [
            {"name": "server_id", "type": "string"},
            {"name": "names", "type": {"type": "array", "items": "string"}},
            {"name": "values", "type": {"type": "array", "items": "double"}},
        ],
    }
)
RECORDS: list[dict[str, Any]] = [
    {"server_id": f"srv-{number}", "names": ["cpu", "mem"], "values": [number, 0.5]} for number in range(500)
]


@pytest.fixture
def port(own: ClickHouseSettings) -> Iterator[Port]:
    port = open_port(own)
    yield port
    port.connection.close()


@pytest.fixture
def landing(writer: Client) -> Client:
    columns = "server_id String, name String, value Float64"
    writer.execute(f"CREATE TABLE samples ({columns}) ENGINE = MergeTree ORDER BY name")
    columns = "server_id String, names Array(String), values Array(Float64)"
    constraint = "CONSTRAINT c CHECK length(names) = length(values)"
    writer.execute(f"CREATE TABLE landing ({columns}, {constraint}) ENGINE = Null")
    writer.execute(
        "CREATE MATERIALIZED VIEW mv TO samples AS SELECT server_id, name, value "
        "FROM landing ARRAY JOIN names AS name, values AS value"
    )
    return writer


def _container(records: list[dict[str, Any]]) -> bytes:
    out = io.BytesIO()
    fastavro.writer(out, SCHEMA, records)
    return out.getvalue()


def test_ping_needs_no_login(clickhouse: Engine) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", clickhouse.settings.http_port, timeout=10)
    for path in ("/ping", "/"):
        connection.request("GET", path)
        assert connection.getresponse().read() == b"Ok.\n"
    connection.request("GET", "/play")
    assert connection.getresponse().status == 404
    connection.close()


def test_avro_passes_through_the_views(landing: Client, port: Port) -> None:
    sql = "INSERT INTO landing SETTINGS async_insert = 0, max_threads = 1 FORMAT Avro"
    status, _, headers = port.send(sql, _container(RECORDS))
    assert status == 200
    assert int(json.loads(headers["X-ClickHouse-Summary"])["written_rows"]) >= 500
    assert landing.execute("SELECT count(), sum(value) FROM samples") == [(1000, 500 * 499 / 2 + 250)]


def test_tokens_deduplicate(writer: Client, port: Port) -> None:
    window = "non_replicated_deduplication_window = 100"
    writer.execute(f"CREATE TABLE t (a Int32) ENGINE = MergeTree ORDER BY a SETTINGS {window}")
    for token in ("a", "a", "b"):
        port.text("INSERT INTO t FORMAT TSV", b"1\n2\n", insert_deduplication_token=token)
    assert writer.execute("SELECT count() FROM t") == [(4,)]


def test_a_refused_container_stores_nothing(landing: Client, port: Port) -> None:
    bad = [*RECORDS, {"server_id": "x", "names": ["a", "b"], "values": [1.0]}]
    assert port.code("INSERT INTO landing FORMAT Avro", _container(bad)) == 469
    assert port.code("INSERT INTO landing FORMAT Avro", _container(RECORDS)[:-7]) in (33, 1001)
    assert landing.execute("SELECT count() FROM samples") == [(0,)]


def test_a_message_with_bytes_that_are_no_text_keeps_its_code(writer: Client, port: Port) -> None:
    writer.execute("CREATE TABLE t (a String, CONSTRAINT utf8 CHECK isValidUTF8(a)) ENGINE = Null")
    assert port.code("INSERT INTO t FORMAT RowBinary", b"\x02\xff\xfe") == 469


@pytest.mark.parametrize(
    ("encoding", "encode"),
    [
        ("gzip", gzip.compress),
        ("deflate", zlib.compress),
        ("lz4", lz4.frame.compress),
        # several frames in a row, as clients send them
        ("lz4", lambda data: b"".join(lz4.frame.compress(data[at : at + 1000]) for at in range(0, len(data), 1000))),
        ("gzip", lambda data: gzip.compress(data[:500]) + gzip.compress(data[500:])),
        ("", lambda data: data),
    ],
)
def test_compressed_bodies(writer: Client, port: Port, encoding: str, encode: object) -> None:
    assert callable(encode)
    writer.execute("CREATE TABLE t (a UInt32) ENGINE = MergeTree ORDER BY a")
    data = b"".join(b"%d\n" % number for number in range(100_000))
    headers = {"Content-Encoding": encoding} if encoding else {}
    assert port.send("INSERT INTO t FORMAT TSV", encode(data), headers)[0] == 200
    assert writer.execute("SELECT count(), sum(a) FROM t") == [(100_000, 100_000 * 99_999 // 2)]
    if encoding:
        assert port.code("INSERT INTO t FORMAT TSV", encode(data)[:-4], headers) == 271
        assert port.code("INSERT INTO t FORMAT TSV", b"\x00" * 20, headers) == 271
    assert writer.execute("SELECT count() FROM t") == [(100_000,)]


def test_other_encodings_are_refused(port: Port) -> None:
    for encoding in ("zstd", "br", "snappy"):
        assert port.code("INSERT INTO t FORMAT TSV", b"1", {"Content-Encoding": encoding}) == 36


def test_chunked_bodies(writer: Client, port: Port) -> None:
    writer.execute("CREATE TABLE t (a UInt32) ENGINE = MergeTree ORDER BY a")
    port.text("INSERT INTO t FORMAT TSV", (b"%d\n" % number for number in range(1000)))
    assert writer.execute("SELECT count() FROM t") == [(1000,)]


def test_a_body_that_grows_too_large_is_refused(tmp_path_factory: pytest.TempPathFactory) -> None:
    with running_engine(tmp_path_factory.mktemp("small"), body_bytes=1 << 20) as engine:
        port = open_port(engine.settings)
        bomb = gzip.compress(b"1\n" * (1 << 22))
        assert len(bomb) < 1 << 16
        assert port.code("INSERT INTO t FORMAT TSV", bomb, {"Content-Encoding": "gzip"}) == 131
        packed = lz4.frame.compress(b"1\n" * (1 << 22))
        assert port.code("INSERT INTO t FORMAT TSV", packed, {"Content-Encoding": "lz4"}) == 131
        assert port.text("SELECT 1") == "1"
        port.connection.close()
        with engine.client(engine.fresh_database()) as client:
            client.execute("CREATE TABLE t (a UInt64) ENGINE = MergeTree ORDER BY a")
            with pytest.raises(ServerException) as refused:
                client.execute("INSERT INTO t VALUES", [[0] * 200_000], columnar=True)
            assert refused.value.code == 131
            assert client.execute("SELECT count() FROM t") == [(0,)]


def test_where_the_statement_and_the_data_stand(writer: Client, port: Port) -> None:
    writer.execute("CREATE TABLE t (a UInt32, s String) ENGINE = MergeTree ORDER BY a")
    port.text("INSERT INTO t FORMAT RowBinary", b"\x01\x00\x00\x00\x03\n\n\n")
    port.text("", b"INSERT INTO t FORMAT RowBinary\n\x02\x00\x00\x00\x03\n\n;")
    port.text("INSERT INTO t VALUES", b"(3, 'x'), (1 + 3, 'y')")
    port.text("INSERT INTO t (a) VALUES (5)")
    port.text("", 'INSERT INTO t FORMAT CSV\n6,"é\n\nx"\n'.encode())
    found = port.text("", b"SELECT a, s FROM t ORDER BY a FORMAT JSONEachRow")
    assert [tuple(json.loads(line).values()) for line in found.splitlines()] == [
        (1, "\n\n\n"),
        (2, "\n\n;"),
        (3, "x"),
        (4, "y"),
        (5, ""),
        (6, "é\n\nx"),
    ]


def test_data_that_would_be_lost_is_refused(writer: Client, port: Port) -> None:
    writer.execute("CREATE TABLE t (a UInt32) ENGINE = MergeTree ORDER BY a")
    for sql in ("input('a UInt32')", "/* x */ `input`('a UInt32') FORMAT TSV"):
        assert port.code(f"INSERT INTO t SELECT a FROM {sql}", b"") == 48
        assert port.code(f"INSERT INTO t SELECT a FROM {sql}", b"6\n") in (48, 62)
    assert port.code("SELECT 1", b" " * (1 << 21)) == 131
    with pytest.raises(ServerException) as refused:
        writer.execute("INSERT INTO t SELECT a FROM input('a UInt32') FORMAT Native", [(1,)])
    assert refused.value.code == 48


def test_data_never_runs(writer: Client, port: Port) -> None:
    writer.execute("CREATE TABLE t (a UInt32) ENGINE = MergeTree ORDER BY a")
    assert port.code("INSERT INTO t VALUES", b"(1); DROP TABLE t") == 62
    assert port.code("", b"INSERT INTO t VALUES (1); DROP TABLE t") == 62
    assert port.code("SELECT 1; DROP TABLE t") == 62
    assert port.code("SELECT 1;", b"DROP TABLE t") == 62
    assert writer.execute("SELECT count() FROM t") == [(0,)]


def test_answers_have_the_format_that_was_asked_for(port: Port) -> None:
    assert port.text("SELECT 1 AS x") == "1"
    assert json.loads(port.text("SELECT 1 AS x FORMAT JSON"))["data"] == [{"x": 1}]
    assert port.text("SELECT 1 AS x", default_format="CSVWithNames") == '"x"\n1'
    assert port.text("SELECT {x:UInt8} + 1", param_x="4") == "5"
    assert port.text("SELECT getSetting('max_block_size')", max_block_size="4711") == "4711"
    assert port.text("SELECT sum(number) FROM numbers(1000000)") == "499999500000"
    assert len(port.text("SELECT number FROM numbers(200000)").splitlines()) == 200_000


def test_errors_have_a_status_and_a_code(port: Port) -> None:
    assert port.code("SELECT * FROM nope") == 60
    assert port.code("selec 1") == 62
    assert port.code("SELECT throwIf(1)") == 395
    assert port.code("SELECT 1", no_such_setting="1") == 115
    assert port.send("SELECT * FROM nope")[0] == 404


def test_an_answer_that_breaks_off_is_not_taken_for_whole(port: Port) -> None:
    with pytest.raises(http.client.IncompleteRead):
        port.send("SELECT throwIf(number = 290000) FROM numbers(300000)", max_block_size="1000", max_threads="1")


def test_logins(clickhouse: Engine) -> None:
    own = clickhouse.settings
    connection = http.client.HTTPConnection("127.0.0.1", own.http_port, timeout=10)

    def ask(headers: dict[str, str], parameters: str = "") -> int:
        connection.request("GET", f"/?query=SELECT%201{parameters}", headers=headers)
        answer = connection.getresponse()
        answer.read()
        return answer.status

    password = own.password.reveal()
    token = base64.b64encode(f"{own.user}:{password}".encode()).decode()
    assert ask({"Authorization": f"Basic {token}"}) == 200
    assert ask({}, f"&user={own.user}&password={password}") == 200
    assert ask({"X-ClickHouse-User": own.user, "X-ClickHouse-Key": password}) == 200
    assert ask({"X-ClickHouse-User": own.user, "X-ClickHouse-Key": "wrong"}) == 403
    assert ask({"Authorization": "Basic !!!"}) == 403
    assert ask({}) == 403
    connection.close()


def test_a_get_request_only_reads(clickhouse: Engine, own: ClickHouseSettings, port: Port) -> None:
    login = f"user={own.user}&password={own.password.reveal()}&database={own.database}"
    port.connection.request("GET", f"/?{login}&query=CREATE%20TABLE%20t%20(a%20Int8)%20ENGINE%3DMemory")
    answer = port.connection.getresponse()
    assert (answer.status, answer.headers["X-ClickHouse-Exception-Code"]) == (403, "164")


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Host": "evil.example"},
        {"Host": "evil.example:8123"},
        {"Host": "127.0.0.1.evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
    ],
)
def test_pages_of_others_are_refused(port: Port, headers: dict[str, str]) -> None:
    assert port.code("SELECT 1", b"", headers) == 497


def test_localhost_and_the_own_origin_are_welcome(clickhouse: Engine, port: Port) -> None:
    number = clickhouse.settings.http_port
    for headers in ({"Host": f"localhost:{number}"}, {"Origin": f"http://127.0.0.1:{number}"}):
        assert port.send("SELECT 1", headers=headers)[0] == 200


def test_hanging_up_ends_the_query(port: Port, writer: Client) -> None:
    def running() -> int:
        ours = "query LIKE '%2000000000000%' AND query NOT LIKE '%processes%'"
        ((count,),) = writer.execute(f"SELECT count() FROM system.processes WHERE {ours}")
        return int(count)

    login = {"X-ClickHouse-User": port.settings.user, "X-ClickHouse-Key": port.settings.password.reveal()}
    sql = "SELECT sum(cityHash64(number)) FROM numbers(2000000000000) SETTINGS max_threads = 1, max_block_size = 1000"
    port.connection.request("POST", "/", sql.encode(), login)
    wait_until(lambda: running() == 1, what="the query runs")
    port.connection.close()
    wait_until(lambda: running() == 0, what="the query ended with its client")
