"""What the reader cannot do however it is written, and what nobody can."""

import contextlib
import itertools
import random
import re
from pathlib import Path

import pytest
from clickhouse_driver import Client
from clickhouse_driver.errors import ServerException
from pulsemon_deploy.clickhouse.access.reach import ALLOWED_TABLE_FUNCTIONS
from pulsemon_sinks.clickhouse.settings import ClickHouseSettings
from support.clickhouse import Engine, running_engine

pytestmark = pytest.mark.clickhouse

READONLY = 164
ACCESS_DENIED = 497

WRITES = [
    "INSERT INTO t VALUES (2)",
    "INSERT INTO t SELECT 2",
    "WITH 2 AS two INSERT INTO t SELECT two",
    "INSERT INTO FUNCTION file('x.csv', 'CSV', 'a Int32') SELECT 1",
    "CREATE TABLE x (a Int32) ENGINE = Memory",
    "CREATE TEMPORARY TABLE x (a Int32)",
    "CREATE DATABASE x",
    "CREATE VIEW x AS SELECT 1",
    "CREATE FUNCTION x AS a -> a",
    "CREATE USER x",
    "DROP TABLE t",
    "TRUNCATE TABLE t",
    "DETACH TABLE t",
    "ALTER TABLE t ADD COLUMN b Int32",
    "ALTER TABLE t DELETE WHERE 1",
    "DELETE FROM t WHERE 1",
    "UPDATE t SET a = 2 WHERE 1",
    "OPTIMIZE TABLE t FINAL",
    "RENAME TABLE t TO u",
    "EXCHANGE TABLES t AND t",
    "BACKUP TABLE t TO File('x')",
    "KILL QUERY WHERE 1",
    "kIlL /* x */ QUERY WHERE 1 ASYNC",
    "SYSTEM FLUSH LOGS",
    "SYSTEM SHUTDOWN",
    "GRANT SELECT ON *.* TO default",
    "SET ROLE ALL",
    "SET ROLE writer",
    "SET DEFAULT ROLE writer TO default",
    "EXECUTE AS default SELECT 1",
    "BEGIN TRANSACTION",
    "SELECT a FROM t INTO OUTFILE 'x.tsv'",
    "SHOW TABLES INTO OUTFILE 'x.tsv'",
    "DESCRIBE t INTO OUTFILE 'x.tsv'",
    "SYSTEM STOP MERGES",
    "SET TRANSACTION SNAPSHOT 1",
    "SELECT a FROM t INTO/**/OUTFILE 'x.tsv' FORMAT CSV",
]

FILE_WRITERS = [
    "SELECT 1",
    "SELECT file('x')",
    "SHOW TABLES",
    "DESCRIBE t",
    "EXISTS t",
    "EXPLAIN SELECT 1",
    "EXPLAIN AST SELECT 1",
    "EXPLAIN AST SELECT file('x')",
    "EXPLAIN AST EXPLAIN AST SET a = 1",
    "SET max_threads = 1",
    "EXPLAIN AST SET max_threads = 1",
    "USE system",
    "EXPLAIN AST USE system",
    "graph = 1 SELECT 1",
]

WAYS_OUT = [
    "SET readonly = 0",
    "SET readonly = 1, readonly = 0",
    "SET max_threads = 1, `readonly` = 0",
    'SET "readonly"=0',
    "set/**/READONLY/**/=/**/0",
    "SET profile = 'default'",
    "SELECT 1 SETTINGS readonly = 0",
    "SELECT 1 FORMAT CSV SETTINGS profile = 'default'",
    "SELECT 1 SETTINGS max_threads = 1, log_comment = 'x'",
    "SET log_comment = ''",
    "SET dialect = 'kusto'",
    "SELECT * FROM (SELECT 1 SETTINGS readonly = 0)",
    "SET max_memory_usage = 0",
    "SELECT 1 SETTINGS max_memory_usage = 1000000000",
]

SOURCES = [
    "SELECT * FROM file('SCRATCH', 'LineAsString')",
    "SELECT file('SCRATCH')",
    "SELECT 1 WHERE 'x' IN file('SCRATCH', 'LineAsString')",
    "SELECT * FROM default.`SCRATCH`",
    "SELECT * FROM url('http://127.0.0.1:1/', 'LineAsString')",
    "SELECT * FROM s3('http://127.0.0.1:1/x', 'CSV', 'a Int32')",
    "SELECT * FROM remote('127.0.0.1', system.one)",
    "SELECT * FROM remoteSecure('127.0.0.1', system.one)",
    "SELECT * FROM cluster('default', system.one)",
    "SELECT * FROM mysql('127.0.0.1:1', 'a', 'b', 'c', 'd')",
    "SELECT * FROM postgresql('127.0.0.1:1', 'a', 'b', 'c', 'd')",
    "SELECT * FROM sqlite('/tmp/x', 't')",
    "SELECT * FROM executable('ls', 'TSV', 'a String')",
    "SELECT * FROM python('settings')",
    "SELECT * FROM Python(settings)",
    "SELECT * FROM filesystem('SCRATCH')",
    "SELECT * FROM loop(t)",
    "SELECT * FROM eval('SELECT 1')",
    "SELECT * FROM viewExplain('EXPLAIN', '', (SELECT 1))",
    "SELECT * FROM icebergLocal('/tmp')",
    "SELECT * FROM view(SELECT * FROM file('SCRATCH', 'LineAsString'))",
    "WITH x AS (SELECT * FROM file('SCRATCH', 'LineAsString')) SELECT * FROM x",
    "SELECT (SELECT count() FROM (SELECT * FROM url('http://127.0.0.1:1/', 'LineAsString')))",
    "SELECT a FROM t UNION ALL SELECT length(file('SCRATCH'))",
    "SELECT aiGenerate('x')",
    "SELECT AIEmbed('x')",
    "SELECT getMacro('x')",
    "SELECT arrayMap(x -> file(x), ['SCRATCH'])",
    "DESCRIBE file('SCRATCH')",
    "DESCRIBE TABLE (SELECT file('SCRATCH'))",
    "EXPLAIN SELECT * FROM file('SCRATCH', 'LineAsString')",
    "EXPLAIN ESTIMATE SELECT file('SCRATCH')",
    "FROM file('SCRATCH', 'LineAsString') SELECT *",
    "SELECT * FROM t ORDER BY file('SCRATCH')",
]

ENGINES = [
    "Kafka('127.0.0.1:1', 't', 'g', 'CSV')",
    "Kafka SETTINGS kafka_broker_list = 'x:1', kafka_topic_list = 't', kafka_group_name = 'g', kafka_format = 'CSV'",
    "RabbitMQ SETTINGS rabbitmq_host_port = '127.0.0.1:1', rabbitmq_exchange_name = 'e', rabbitmq_format = 'CSV'",
    "NATS SETTINGS nats_url = '127.0.0.1:1', nats_subjects = 's', nats_format = 'CSV'",
    "S3Queue('http://127.0.0.1:1/', 'CSV') SETTINGS mode = 'ordered'",
    "AzureQueue('x', 'y', 'z', 'CSV')",
    "MySQL('127.0.0.1:1', 'b', 'c', 'd', 'e')",
    "URL('http://127.0.0.1:1/', 'CSV')",
    "S3('http://127.0.0.1:1/x', 'CSV')",
    "Distributed('default', 'a', 'b')",
    "MaterializedPostgreSQL('127.0.0.1:1', 'b', 'c', 'd', 'e') PRIMARY KEY a",
]  # fmt: skip


@pytest.fixture
def filled(writer: Client) -> Client:
    writer.execute("CREATE TABLE t (a Int32) ENGINE = MergeTree ORDER BY a")
    writer.execute("INSERT INTO t VALUES", [(1,)])
    return writer


def _code(client: Client, sql: str) -> int:
    with pytest.raises(ServerException) as refused:
        client.execute(sql)
    return refused.value.code


@pytest.mark.parametrize("sql", WRITES)
def test_the_reader_cannot_write(filled: Client, reader: Client, sql: str) -> None:
    assert _code(reader, sql) == READONLY
    assert filled.execute("SELECT a FROM t") == [(1,)]
    assert reader.execute("SELECT a FROM t") == [(1,)]


def test_the_reader_writes_no_files(filled: Client, reader: Client, tmp_path: Path) -> None:
    target = tmp_path / "out"
    for begin in FILE_WRITERS:
        for end in ("", " APPEND", " TRUNCATE", " AND STDOUT", " FORMAT CSV"):
            with contextlib.suppress(ServerException):
                reader.execute(f"{begin} INTO OUTFILE '{target}'{end}")
            assert not target.exists(), (begin, end)
            with contextlib.suppress(ServerException):
                reader.execute(f"{begin} INTO/**/OUTFILE '{target}'{end} SETTINGS max_threads = 1")
            assert not target.exists(), (begin, end)


@pytest.mark.parametrize("sql", WAYS_OUT)
def test_the_reader_stays_a_reader(filled: Client, reader: Client, sql: str) -> None:
    assert _code(reader, sql) in (READONLY, 452)
    assert reader.execute("SELECT getSetting('readonly'), getSetting('max_memory_usage')") == [(2, 200_000_000)]


@pytest.mark.parametrize("name", ["readonly", "profile", "dialect", "max_memory_usage"])
def test_settings_beside_the_statement_are_no_way_out(filled: Client, reader: Client, name: str) -> None:
    with pytest.raises(ServerException) as refused:
        reader.execute("SELECT 1", settings={name: "0"})
    assert refused.value.code == READONLY
    assert reader.execute("SELECT getSetting('readonly')", settings={"max_threads": 1}) == [(2,)]


@pytest.mark.parametrize("sql", SOURCES)
def test_the_reader_reads_tables_only(filled: Client, reader: Client, sql: str, scratch: Path) -> None:
    assert _code(reader, sql.replace("SCRATCH", str(scratch))) == ACCESS_DENIED


def test_every_table_function_that_is_not_allowed_is_refused(filled: Client, reader: Client) -> None:
    names = [name for (name,) in filled.execute("SELECT name FROM system.table_functions")]
    assert len(names) > 80
    for name in names:
        if name.lower() not in ALLOWED_TABLE_FUNCTIONS:
            # 62: two of them are part of the grammar and take no texts; 48: one is told what to do instead
            for client in (reader, filled):
                assert _code(client, f"SELECT * FROM {name}('a', 'b', 'c')") in (ACCESS_DENIED, 62, 48), name


def test_spellings_hide_nothing(filled: Client, reader: Client, writer: Client, scratch: Path) -> None:
    """Case, quotes, escapes, comments and blanks, mixed at random, around names that are refused."""
    dice = random.Random(7)
    blanks = ["", " ", "\n", "\t", "/* x */", "-- x\n", "# x\n", "\f"]

    def spelled(name: str) -> str:
        mixed = "".join(dice.choice((letter.lower(), letter.upper())) for letter in name) if name in CASELESS else name
        form = dice.randrange(4)
        if form == 1:
            return f"`{mixed}`"
        if form == 2:
            return f'"{mixed}"'
        if form == 3:
            at = dice.randrange(len(mixed))
            return f"`{mixed[:at]}\\x{ord(mixed[at]):02x}{mixed[at + 1 :]}`"
        return mixed

    for name, shape in itertools.product(("file", "url", "executable", "python"), range(40)):
        space = dice.choice(blanks)
        call = f"{spelled(name)}{space}({dice.choice(blanks)}'{scratch}', 'LineAsString')"
        sql = (f"SELECT * FROM {call}", f"SELECT count() FROM (SELECT *{space} FROM\n{call}) AS x")[shape % 2]
        for client in (reader, writer):  # 46 and 62: the engine does not know that spelling
            assert _code(client, sql) in (ACCESS_DENIED, 46, 62), sql


CASELESS = frozenset({"url"})


def test_what_the_reader_may_do(filled: Client, reader: Client, own: ClickHouseSettings) -> None:
    filled.execute("CREATE VIEW v AS SELECT a FROM t WHERE a = {a:Int32}")
    assert reader.execute("SELECT 'file(', a AS `url` FROM t -- remote('x')") == [("file(", 1)]
    assert reader.execute("SELECT count() AS file FROM numbers(3) SETTINGS max_threads = 1") == [(3,)]
    assert reader.execute("SELECT 'it\\'s \\x41'") == [("it's A",)]
    assert reader.execute("SELECT * FROM v(a = 1)") == [(1,)]
    assert reader.execute(f"SELECT * FROM merge('{own.database}', '^t$')") == [(1,)]
    assert reader.execute("SELECT profile = 'x' FROM (SELECT 'x' AS profile)") == [(1,)]
    assert reader.execute("SHOW TABLES") == [("t",), ("v",)]
    assert reader.execute("DESCRIBE t")[0][0] == "a"
    assert reader.execute("EXPLAIN SELECT a FROM t")
    reader.execute("SET max_threads = 1")
    reader.execute("USE system")
    assert reader.execute("SELECT currentDatabase(), getSetting('max_threads')") == [("system", 1)]


@pytest.mark.parametrize("engine", ENGINES)
def test_nobody_makes_tables_of_other_systems(clickhouse: Engine, writer: Client, engine: str) -> None:
    for definition in (f"ENGINE = {engine}", f"EnGiNe/**/={engine}"):
        assert _code(writer, f"CREATE TABLE k (a Int32) {definition}") in (ACCESS_DENIED, 56)
        assert _code(writer, f"CREATE OR REPLACE TABLE k (a Int32) {definition}") in (ACCESS_DENIED, 56)
    assert writer.execute("SHOW TABLES") == []


def test_a_refused_table_leaves_a_folder_that_opens(tmp_path: Path) -> None:
    with running_engine(tmp_path) as engine:
        with engine.client() as client:
            for definition in ENGINES:
                with pytest.raises(ServerException):
                    client.execute(f"CREATE TABLE k (a Int32) ENGINE = {definition}")
        assert engine.stop() == 0
        engine.start()
        with engine.client() as client:
            assert client.execute("SELECT 1") == [(1,)]


def test_the_log_holds_no_statement(clickhouse: Engine, writer: Client) -> None:
    with pytest.raises(ServerException):
        writer.execute("SELECT throwIf(1, 'a secret of the data')")
    written = clickhouse.console + "".join(
        file.read_text() for file in (clickhouse.engine_settings.folder / "log").iterdir()
    )
    assert "a secret of the data" not in written
    assert not re.search(clickhouse.settings.password.reveal(), written)
