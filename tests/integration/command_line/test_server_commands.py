"""Servers from the command line: what a real control log says of them, and what the store says of how they are."""

import json
import uuid
from datetime import UTC, datetime
from typing import Any

import pytest
from pulsemon_deploy.control_log import write
from pulsemon_deploy.kafka import ensure_topics
from pulsemon_schemas.records import ControlRecord
from support.alerts import state
from support.clickhouse import Engine
from support.command_line import invoke, use_clickhouse, use_kafka
from support.kafka import Broker
from support.sinks import AT_MS
from support.stored_alerts import StoredAlerts

pytestmark = [pytest.mark.kafka, pytest.mark.clickhouse]
CLIENT = "pulsemon-operator-test"


@pytest.fixture(name="server_id")
def registered_server(kafka: Broker, monkeypatch: pytest.MonkeyPatch) -> str:
    """Alone in an environment of its own name."""
    ensure_topics(kafka.settings, 4)
    use_kafka(monkeypatch, kafka)
    server_id = f"server-{uuid.uuid4().hex[:8]}"
    body = {"name": "One", "environment": server_id, "region": "eu", "role": "db", "labels": {"rack": "7"}}
    record = ControlRecord("server", server_id, "put", -1, "c1", "ann", "", "", json.dumps(body))
    write(kafka.settings_for("operator"), [record], CLIENT)
    return server_id


def answer(*arguments: str) -> Any:
    result = invoke(*arguments, "--json")
    assert result.exit_code == 0, result.output + result.stderr
    return json.loads(result.stdout)


def test_servers_are_listed_and_shown_with_their_state_and_history(
    server_id: str, clickhouse: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = StoredAlerts(clickhouse.fresh_database())
    use_clickhouse(monkeypatch, clickhouse.reader_of(stored.settings))
    (row,) = answer("server", "list", "--environment", server_id)
    assert (row["id"], row["name"], row["role"], row["labels"]) == (server_id, "One", "db", "rack=7")
    assert (row["status"], row["last_seen"]) == (None, None)

    stored.put(state(server_id, "warning", last_seen_at_ms=AT_MS - 3_600_000))
    stored.store.insert(
        f"INSERT INTO {stored.settings.database}.sightings (server_id, source, last_seen_at) VALUES",
        [(server_id, "agent", datetime.fromtimestamp(AT_MS / 1000, UTC))],
    )
    (row,) = answer("server", "list", "--environment", server_id)
    shown = answer("server", "show", server_id)
    assert (row["status"], shown["status"]) == ("warning", "warning")
    assert row["last_seen"] == shown["last_seen"]
    assert datetime.fromisoformat(row["last_seen"]).timestamp() == AT_MS / 1000, "data tell more than the last change"
    assert [one["did"] for one in shown["history"]] == ["made"]
    table = invoke("server", "show", server_id).output
    assert "One" in table
    assert "status       warning" in table
    assert invoke("server", "show", "nobody-at-all").exit_code == 1
    assert invoke("server", "list", "--environment", "none-such").output == "no such server is registered\n"
    stored.close()
    clickhouse.drop(stored.settings)


def test_a_store_that_is_away_is_one_line_and_the_servers_are_listed(
    server_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PULSEMON_CLICKHOUSE_HOST", "127.0.0.1")
    monkeypatch.setenv("PULSEMON_CLICKHOUSE_PORT", "9")
    result = invoke("server", "list", "--environment", server_id)
    assert result.exit_code == 0
    assert server_id in result.stdout
    (line,) = result.stderr.splitlines()
    assert line.startswith("note: how the servers are is not known: ClickHouse at 127.0.0.1:9 does not answer")
