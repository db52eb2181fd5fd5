"""What was in force at a time, and what is called how, from the command line."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from pulsemon_sinks.clickhouse.settings import ClickHouseSettings
from support.clickhouse import Engine
from support.command_line import invoke, use_clickhouse
from support.stored_alerts import StoredAlerts

pytestmark = pytest.mark.clickhouse

LIMITS = '{"metric": "system.cpu.busy", "operator": ">=", "levels": {"info": {"limit": %s}}}'
LOG = [
    ("server", "web-1", '{"name": "Web 1", "environment": "staging", "role": "web"}'),
    ("rule", "cpu", LIMITS % 0.7),
    ("server", "web-1", '{"name": "Web 1", "environment": "production", "role": "web"}'),
    ("rule", "cpu", LIMITS % 0.9),
    ("rule", "broken", "{}"),
]
HOUR = 1_790_000_000 // 3600 * 3600
COLUMNS = "topic_id, offset, append_time, entity_type, entity_id, operation, author, body, version, void"


@pytest.fixture(scope="module")
def settings(clickhouse: Engine) -> Iterator[ClickHouseSettings]:
    """A store with a control log of which a record came every hour."""
    stored = StoredAlerts(clickhouse.fresh_database())
    for offset, (kind, name, body) in enumerate(LOG):
        at = datetime.fromtimestamp(HOUR + offset * 3600, UTC)
        row = ("log", offset, at, kind, name, "put", "ann", body, offset, 0)
        stored.store.insert(f"INSERT INTO {stored.settings.database}.control ({COLUMNS}) VALUES", [row])
    yield clickhouse.reader_of(stored.settings)
    stored.close()
    clickhouse.drop(stored.settings)


@pytest.fixture(autouse=True)
def store(settings: ClickHouseSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    use_clickhouse(monkeypatch, settings)


def hour(number: int) -> str:
    return datetime.fromtimestamp(HOUR + number * 3600, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def answer(*arguments: str) -> Any:
    result = invoke(*arguments, "--json")
    assert result.exit_code == 0, result.output + result.stderr
    return json.loads(result.stdout)


def test_servers_are_listed_as_they_were() -> None:
    assert [one["environment"] for one in answer("server", "list", "--as-of", hour(1))] == ["staging"]
    (now,) = answer("server", "list", "--as-of", "0s")
    assert (now["id"], now["environment"], now["version"], now["author"]) == ("web-1", "production", 2, "ann")
    assert answer("server", "list", "--as-of", hour(1), "--environment", "production") == []
    before = invoke("server", "list", "--as-of", hour(-1))
    assert (before.exit_code, before.stdout) == (0, "no such server was registered then\n")
    assert "the control log begins at 2026-09-21" in before.stderr


def test_rules_are_listed_as_they_were() -> None:
    assert [one["levels"] for one in answer("rule", "list", "--as-of", hour(2))] == ["info >= 0.7"]
    newest = {one["id"]: one["levels"] for one in answer("rule", "list", "--as-of", hour(4))}
    assert newest["cpu"] == "info >= 0.9"
    assert "cannot be used" in newest["broken"]
    assert invoke("rule", "list", "--as-of", hour(1), "--defaults").exit_code == 2
    assert invoke("rule", "list", "--as-of", "yesterday").exit_code == 2


def test_what_is_called_so_is_found() -> None:
    (found,) = answer("search", "WEB 1")
    assert found == {"kind": "server", "id": "web-1", "about": "Web 1, production, web"}
    assert "web-1  Web 1, production, web" in invoke("search", "eb-1").stdout
    nothing = invoke("search", "no such thing")
    assert (nothing.exit_code, nothing.stdout) == (1, "nothing is called so\n")
    assert invoke("search", " ").exit_code == 2
