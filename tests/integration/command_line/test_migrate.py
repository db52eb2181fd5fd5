"""``pulsemon migrate`` against a ClickHouse that somebody else runs: away, refusing, and well."""

import json
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from pulsemon_deploy.cli.root import root
from pulsemon_deploy.store_ready import wait_store
from pulsemon_schemas.errors import AuthError, TransientError
from pulsemon_schemas.runtime.settings import Secret
from pulsemon_sinks.clickhouse.settings import ClickHouseSettings
from support.clickhouse import Engine

pytestmark = pytest.mark.clickhouse
AWAY = ClickHouseSettings(port=9)


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(root, arguments)


def use(monkeypatch: pytest.MonkeyPatch, settings: ClickHouseSettings) -> None:
    for name in ("host", "port", "http_port", "user", "database"):
        monkeypatch.setenv(f"PULSEMON_CLICKHOUSE_{name.upper()}", str(getattr(settings, name)))
    monkeypatch.setenv("PULSEMON_CLICKHOUSE_PASSWORD", settings.password.reveal())


def test_one_that_is_away_is_waited_for(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    told = threading.Event()
    waiting = threading.Thread(target=wait_store, args=(engine.settings, 60.0, lambda _text: told.set()))
    waiting.start()
    try:
        assert told.wait(10), "that it waits is said"
        engine.start()
        waiting.join(10)
        assert not waiting.is_alive()
    finally:
        engine.kill()
        waiting.join()


def test_one_that_stays_away_is_a_sentence() -> None:
    said: list[str] = []
    with pytest.raises(TransientError, match=r"ClickHouse at 127.0.0.1:9 did not answer in 0.1 s: .*Is it running"):
        wait_store(AWAY, 0.1, said.append)
    assert said == ["waits for ClickHouse at 127.0.0.1:9, which does not answer"]


def test_a_refused_login_is_not_waited_for(clickhouse: Engine) -> None:
    wrong = replace(clickhouse.settings, password=Secret("wrong"))
    with pytest.raises(AuthError, match="refused the login 'writer'"):
        wait_store(wrong, 60.0, lambda _text: None)


def test_migrations_as_a_table_and_as_json(clickhouse: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, clickhouse.fresh_database())
    dry = invoke("migrate", "--dry-run")
    assert dry.exit_code == 0
    assert "CREATE TABLE IF NOT EXISTS" in dry.output
    assert invoke("migrate", "status").exit_code == 1, "a dry run makes nothing"
    assert invoke("migrate", "status").exit_code == 1
    assert "applied: 0001_" in invoke("migrate").output
    shown = invoke("migrate", "status")
    assert shown.exit_code == 0
    states = json.loads(invoke("migrate", "status", "--json").output)
    assert [one["version"] for one in states[:2]] == [1, 2]
    assert states[-1]["version"] == "repeatable"
    assert all(len(one["applied_at"]) == len("2026-11-24 21:00:00+00:00") for one in states)
    assert "repeatable" in shown.output
