"""Start, stop, and folders that cannot be opened: one clear sentence each."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from clickhouse_driver.errors import ServerException
from support.clickhouse import Engine, running_engine

pytestmark = pytest.mark.clickhouse


def _run(engine: Engine, **changed: object) -> tuple[int, str]:
    """A second process with the settings of an engine, some of them changed; it must end by itself."""
    changes = {f"PULSEMON_ENGINE_{name.upper()}": str(value) for name, value in changed.items()}
    argv = [sys.executable, "-m", "pulsemon_deploy.clickhouse"]
    environ = {**os.environ, **engine.environment, **changes}
    ended = subprocess.run(argv, env=environ, capture_output=True, text=True, timeout=60, check=False)
    return ended.returncode, ended.stderr


@pytest.fixture
def stopped(tmp_path: Path) -> Engine:
    """An engine that ran and left a table."""
    with running_engine(tmp_path) as engine:
        with engine.client() as client:
            client.execute("CREATE DATABASE kept")
            client.execute("CREATE TABLE kept.t (a Int32) ENGINE = MergeTree ORDER BY a")
            client.execute("INSERT INTO kept.t VALUES", [(1,)])
        assert engine.stop() == 0
    return engine


def test_a_second_start_finds_the_data(stopped: Engine) -> None:
    stopped.start()
    with stopped.client() as client:
        assert client.execute("SELECT a FROM kept.t") == [(1,)]
    assert stopped.stop() == 0


def test_a_folder_in_use(clickhouse: Engine) -> None:
    code, said = _run(clickhouse, port=1, http_port=2)
    assert code == 1
    wanted = "is in use by another process: nothing was changed; stop that one, or use another folder"
    assert re.fullmatch(rf".* {wanted}\n", said)


def test_a_port_in_use(clickhouse: Engine, tmp_path: Path) -> None:
    code, said = _run(clickhouse, folder=tmp_path)
    assert code == 1
    assert "cannot be used (Address already in use)" in said
    assert "choose another port" in said


def test_a_folder_of_a_newer_engine(stopped: Engine) -> None:
    (stopped.engine_settings.folder / "engine-version").write_text("99.1.0\n")
    code, said = _run(stopped)
    assert code == 1
    assert "was written by ClickHouse engine 99.1.0" in said
    assert "install the newer pulsemon again" in said


def test_broken_metadata(stopped: Engine) -> None:
    (definition,) = (stopped.engine_settings.folder / "data" / "store").glob("*/*/t.sql")
    good = definition.read_text()
    definition.write_text("garbage")
    code, said = _run(stopped)
    assert code == 1
    assert "nothing was changed" in said
    assert "t.sql" in said
    assert said.count("\n") == 1
    definition.write_text(good)
    stopped.start()
    with stopped.client() as client:
        assert client.execute("SELECT a FROM kept.t") == [(1,)]
    assert stopped.stop() == 0


def test_an_address_beyond_loopback(stopped: Engine) -> None:
    code, said = _run(stopped, host="0.0.0.0")
    assert code == 2
    assert "not loopback" in said


def test_a_misspelt_setting(stopped: Engine) -> None:
    code, said = _run(stopped, porrt=1)
    assert code == 2
    assert "PULSEMON_ENGINE_PORT?" in said


def test_the_memory_of_a_readers_query_is_limited(clickhouse: Engine) -> None:
    greedy = "SELECT length(groupArray(toString(number))) FROM numbers(20000000)"
    with clickhouse.client(clickhouse.reader_settings) as client:
        with pytest.raises(ServerException) as refused:
            client.execute(greedy)
        assert refused.value.code == 241
        assert client.execute("SELECT 1") == [(1,)]
