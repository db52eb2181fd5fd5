"""What neither login reaches, the writer included: files, networks, other engines, the engine's own switches."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from clickhouse_driver import Client
from clickhouse_driver.errors import ServerException
from pulsemon_sinks.clickhouse.settings import ClickHouseSettings
from support.clickhouse import Engine
from support.http_port import Port, open_port

pytestmark = pytest.mark.clickhouse

NOT_IMPLEMENTED = 48
SYNTAX_ERROR = 62
SETTING_REFUSED = 452
ACCESS_DENIED = 497
SECRET = "4711"

# IN is a scratch file, OUT one that is not there
READS = [
    "SELECT * FROM file('IN', 'LineAsString')",
    "SELECT file('IN')",
    "select /* x */ `file` -- y\n ('IN')",
    "SELECT \"file\"('IN')",
    "SELECT `f\\x69le`('IN')",
    "SELECT * FROM view(SELECT * FROM (SELECT file('IN') AS x))",
    "WITH x AS (SELECT file('IN')) SELECT * FROM x",
    "SELECT arrayMap(x -> file(x), ['IN'])",
    "SELECT * FROM default.`IN`",
    "DESCRIBE file('IN')",
    "EXPLAIN SELECT file('IN')",
    "INSERT INTO t SELECT toInt32(trim(file('IN')))",
    "INSERT INTO t SELECT * FROM file('IN', CSV, 'a Int32')",
    "INSERT INTO t VALUES (toInt32(trim(file('IN'))))",
    "INSERT INTO t VALUES (1), (length(/* x */`file` ('IN')))",
    "INSERT INTO t VALUES (length(`f\\x69le`('IN')))",
    "INSERT INTO t FROM INFILE 'IN' FORMAT CSV",
    "insert into t from/**/infile 'IN' format CSV",
    "INSERT INTO t SETTINGS max_threads = 1 FROM INFILE 'IN' FORMAT CSV",
    "CREATE TABLE n (a Int32) ENGINE = File(CSV, 'IN')",
    "CREATE TABLE n (a Int32) engine/**/= `File`(CSV, 'IN')",
    "CREATE TABLE n (a Int32) ENGINE File(CSV, 'IN')",
    "CREATE TABLE n (a Int32) ENGINE = `F\\x69le`(CSV, 'IN')",
    "CREATE TEMPORARY TABLE n (a Int32) ENGINE = File(CSV, 'IN')",
    "CREATE OR REPLACE TABLE n (a Int32) ENGINE = File(CSV, 'IN')",
    "CREATE TABLE n ENGINE = Memory AS SELECT * FROM file('IN', CSV, 'a Int32')",
    "CREATE TABLE n AS file('IN', CSV, 'a Int32')",
    "CREATE TABLE n (a Int32) ENGINE = FileLog('IN', 'CSV')",
    "CREATE TABLE n (a Int32, b String DEFAULT file('IN')) ENGINE = MergeTree ORDER BY a",
    "CREATE TABLE n (a Int32, CONSTRAINT c CHECK file('IN') != '') ENGINE = MergeTree ORDER BY a",
    "CREATE VIEW n AS SELECT file('IN')",
    "CREATE MATERIALIZED VIEW n TO t AS SELECT length(file('IN')) AS a FROM t",
    "CREATE FUNCTION n AS () -> file('IN')",
    "CREATE DICTIONARY n (a Int32) PRIMARY KEY a SOURCE(FILE(path 'IN' format 'CSV')) LAYOUT(FLAT()) LIFETIME(0)",
    "ALTER TABLE t UPDATE a = length(file('IN')) WHERE 1",
    "ALTER TABLE t ADD COLUMN b String DEFAULT file('IN')",
    "ATTACH TABLE n FROM 'IN' (a Int32) ENGINE = MergeTree ORDER BY a",
    "CREATE DATABASE n ENGINE = Filesystem('IN')",
    "CREATE DATABASE n ENGINE = SQLite('IN')",
    "CREATE DATABASE n ENGINE = Backup('x', File('IN'))",
    "RESTORE TABLE t FROM File('IN')",
]

WRITES = [
    "SELECT a FROM t INTO OUTFILE 'OUT'",
    "SELECT a FROM t into/**/outfile 'OUT' FORMAT CSV",
    "SHOW TABLES INTO OUTFILE 'OUT'",
    "DROP TABLE IF EXISTS n INTO OUTFILE 'OUT'",
    "EXPLAIN AST SELECT 1 INTO OUTFILE 'OUT'",
    "INSERT INTO FUNCTION file('OUT', CSV, 'a Int32') SELECT 1",
    "INSERT INTO TABLE FUNCTION file('OUT', CSV, 'a Int32') VALUES (1)",
    "CREATE TABLE n (a Int32) ENGINE = File(CSV, 'OUT')",
    "CREATE TABLE n (a Int32) ENGINE = EmbeddedRocksDB(0, 'OUT') PRIMARY KEY a",
    "CREATE TABLE n (a Int32) ENGINE = MergeTree ORDER BY a SETTINGS disk = disk(type = local, path = 'OUT/')",
    "CREATE TABLE n (a Int32) ENGINE = MergeTree ORDER BY a SETTINGS disk = `d\\x69sk`(type = local, path = 'OUT/')",
    "BACKUP TABLE t TO File('OUT')",
]

OTHER_SYSTEMS = [
    "SELECT * FROM url('http://127.0.0.1:1/', 'LineAsString')",
    "SELECT * FROM s3('http://127.0.0.1:1/x', 'CSV', 'a Int32')",
    "SELECT * FROM remote('127.0.0.1', system.one)",
    "SELECT * FROM cluster('default', system.one)",
    "SELECT * FROM executable('ls', 'TSV', 'a String')",
    "SELECT * FROM python('settings')",
    "SELECT aiGenerate('x')",
    "SELECT reverseDNSQuery('127.0.0.1')",
    "INSERT INTO t SELECT 1 FROM (SELECT * FROM Url('http://127.0.0.1:1/', CSV, 'a Int32'))",
    "INSERT INTO FUNCTION remote('127.0.0.1', 'd.t') SELECT 1",
    "CREATE TABLE n (a Int32) ENGINE = Executable('ls', CSV)",
    "CREATE TABLE n (a Int32) ENGINE = URL('http://127.0.0.1:1/', CSV)",
    "CREATE TABLE n (a Int32) ENGINE = Distributed('default', 'a', 'b')",
    "CREATE TABLE n (a Int32) ENGINE = NoSuchEngine",
    "CREATE DATABASE n ENGINE = MySQL('127.0.0.1:1', 'a', 'b', 'c')",
    "CREATE DATABASE n ENGINE = DataLakeCatalog('http://127.0.0.1:1') SETTINGS warehouse = 'w'",
    "CREATE DATABASE n ENGINE = Replicated('/x', 's', 'r')",
]

SWITCHES = [
    "SYSTEM SHUTDOWN",
    "SYSTEM KILL",
    "system/**/shutdown",
    "SYSTEM FLUSH LOGS",
    "SYSTEM STOP MERGES",
    "SYSTEM RELOAD CONFIG",
    "SET ROLE ALL",
    "SET ROLE reader",
    "SET DEFAULT ROLE reader TO default",
    "EXECUTE AS default SELECT 1",
    "GRANT FILE ON *.* TO writer",
    "CREATE USER n",
    "CREATE ROLE n",
    "CREATE NAMED COLLECTION n AS a = 1",
]

SETTINGS = [
    "SET format_template_row = 'IN'",
    "SELECT 1 AS a FORMAT Template SETTINGS format_template_row = 'IN'",
    "SELECT 1 AS a FORMAT Template SETTINGS max_threads = 1, `format_template_resultset` = 'IN'",
    "SET \"format_sch\\x65ma\" = 'IN'",
    "SELECT 1 AS a FORMAT Protobuf SETTINGS output_format_schema = 'OUT'",
    "INSERT INTO t SETTINGS input_format_record_errors_file_path = 'OUT' FORMAT CSV\nx\n",
    "SET profile = 'default'",
    "SET log_comment = ''",
]


@pytest.fixture
def filled(writer: Client) -> Client:
    writer.execute("CREATE TABLE t (a Int32) ENGINE = MergeTree ORDER BY a")
    writer.execute("INSERT INTO t VALUES", [(1,)])
    return writer


@pytest.fixture(params=["writer", "reader"])
def port(request: pytest.FixtureRequest, clickhouse: Engine, own: ClickHouseSettings) -> Iterator[Port]:
    port = open_port(own if request.param == "writer" else clickhouse.reader_of(own))
    yield port
    port.connection.close()


def _refused(client: Client, sql: str) -> ServerException:
    with pytest.raises(ServerException) as refused:
        client.execute(sql)
    return refused.value


@pytest.mark.parametrize("sql", READS)
def test_the_writer_reads_no_files(filled: Client, scratch: Path, sql: str) -> None:
    refused = _refused(filled, sql.replace("IN'", f"{scratch}'").replace("`IN`", f"`{scratch}`"))
    assert refused.code in (ACCESS_DENIED, SYNTAX_ERROR), refused
    assert SECRET not in str(refused)
    assert filled.execute("SELECT a FROM t") == [(1,)]
    assert filled.execute("SHOW TABLES") == [("t",)]


@pytest.mark.parametrize("sql", WRITES)
def test_the_writer_writes_no_files(filled: Client, tmp_path: Path, sql: str) -> None:
    target = tmp_path / "out"
    refused = _refused(filled, sql.replace("OUT", str(target)))
    assert refused.code in (ACCESS_DENIED, SETTING_REFUSED, SYNTAX_ERROR, NOT_IMPLEMENTED), refused
    assert not target.exists()
    assert filled.execute("SHOW TABLES") == [("t",)]


@pytest.mark.parametrize("sql", OTHER_SYSTEMS)
def test_the_writer_reaches_no_other_system(filled: Client, sql: str) -> None:
    assert _refused(filled, sql).code == ACCESS_DENIED
    assert filled.execute("SHOW TABLES") == [("t",)]


@pytest.mark.parametrize("sql", SWITCHES)
def test_the_writer_does_not_change_the_engine(filled: Client, sql: str) -> None:
    assert _refused(filled, sql).code in (ACCESS_DENIED, SYNTAX_ERROR)
    assert filled.execute("SELECT a FROM t") == [(1,)]


@pytest.mark.parametrize("sql", SETTINGS)
def test_settings_name_no_files(filled: Client, reader: Client, scratch: Path, sql: str) -> None:
    written = sql.replace("IN'", f"{scratch}'").replace("OUT", str(scratch.with_name("out")))
    for client in (filled, reader):
        refused = _refused(client, written)
        assert refused.code in (SETTING_REFUSED, 164), refused
        assert SECRET not in str(refused)
    assert not scratch.with_name("out").exists()


def test_settings_beside_a_statement_name_no_files(filled: Client, reader: Client, scratch: Path) -> None:
    for client in (filled, reader):
        for name in ("format_schema", "FORMAT_SCHEMA", "output_format_schema", "profile"):
            with pytest.raises(ServerException) as refused:
                client.execute("SELECT 1", settings={name: str(scratch)})
            assert refused.value.code in (SETTING_REFUSED, 164)


def test_http_reads_no_files(filled: Client, port: Port, scratch: Path, tmp_path: Path) -> None:
    assert port.code(f"SELECT 1 AS a FORMAT Template SETTINGS format_template_row = '{scratch}'") in (452, 164)
    assert port.code("SELECT 1 AS a FORMAT Template", format_template_row=str(scratch)) in (452, 164)
    assert port.code("INSERT INTO t VALUES", f"(toInt32(trim(file('{scratch}'))))".encode()) in (ACCESS_DENIED, 164)
    assert port.code("", f"INSERT INTO t VALUES (length(file('{scratch}')))".encode()) in (ACCESS_DENIED, 164)
    assert port.code(f"INSERT INTO t FROM INFILE '{scratch}' FORMAT CSV") in (ACCESS_DENIED, 164)
    assert port.code(f"SELECT 1 INTO OUTFILE '{tmp_path / 'out'}'") in (ACCESS_DENIED, 164)
    assert not (tmp_path / "out").exists()
    assert filled.execute("SELECT a FROM t") == [(1,)]


def test_nobody_reads_what_the_process_has_open(filled: Client) -> None:
    """Data on its way lies in files that the process has open under these names."""
    for number in range(3, 60):
        for sql in (f"SELECT file('/proc/self/fd/{number}')", f"INSERT INTO t FROM INFILE '/proc/self/fd/{number}'"):
            assert _refused(filled, f"{sql} FORMAT CSV").code == ACCESS_DENIED


@pytest.mark.parametrize(
    "engine",
    ["MergeTree ORDER BY a", "ReplacingMergeTree ORDER BY a", "AggregatingMergeTree ORDER BY a", "Null", "Memory",
     "Buffer(currentDatabase(), t, 1, 1, 1, 1, 1, 1, 1)"],
)  # fmt: skip
def test_engines_that_stay(filled: Client, engine: str) -> None:
    filled.execute(f"CREATE TABLE n (a Int32) ENGINE = {engine}")
    filled.execute("INSERT INTO n VALUES", [(2,)])


def test_names_and_texts_that_only_look_like_it(filled: Client) -> None:
    filled.execute("CREATE TABLE looks (engine String, file String, url Int32) ENGINE = MergeTree ORDER BY file")
    filled.execute("INSERT INTO looks VALUES ('ENGINE = File(x)', 'file(''x'') INTO OUTFILE \\'y\\'', 1)")
    assert filled.execute("SELECT engine, file FROM looks WHERE engine = 'ENGINE = File(x)' AND url IN (1)") == [
        ("ENGINE = File(x)", "file('x') INTO OUTFILE 'y'")
    ]
    filled.execute("CREATE VIEW names AS SELECT engine FROM system.tables WHERE name = 'looks'")
    assert filled.execute("SELECT DISTINCT engine FROM names") == [("MergeTree",)]
    filled.execute("ALTER TABLE looks RENAME COLUMN engine TO infile")
    filled.execute("CREATE TABLE copy AS looks")
    filled.execute("DROP TABLE copy")
