"""Retention from the command line: said in a real control log, and read back from a real engine."""

import json
from datetime import UTC, datetime

import pytest
from pulsemon_deploy.kafka import ensure_topics
from pulsemon_sinks.retention.applying import Retention
from support.clickhouse import Engine
from support.command_line import invoke, use_clickhouse, use_kafka
from support.kafka import Broker
from support.rolled import Rolled

pytestmark = [pytest.mark.kafka, pytest.mark.clickhouse]


def test_what_is_said_is_shown_once_the_engine_does_it(
    kafka: Broker, clickhouse: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    ensure_topics(kafka.settings, 4)
    use_kafka(monkeypatch, kafka)
    rolled = Rolled(clickhouse.fresh_database())
    use_clickhouse(monkeypatch, clickhouse.reader_of(rolled.settings))

    early = invoke("retention", "set", "1d", "400", "--wait", "0", "--reason", "enough")
    assert early.exit_code == 1
    assert "does not do so yet. The change is kept in the control log" in early.stderr

    columns = "topic_id, offset, append_time, entity_type, entity_id, operation, change_id, body, void"
    row = ("log", 0, datetime.now(UTC), "retention", "1d", "put", "c", '{"days": 400}', 0)
    rolled.store.insert(f"INSERT INTO {rolled.database}.control ({columns}) VALUES", [row])
    Retention(rolled.store, rolled.settings).apply()

    done = invoke("retention", "set", "1d", "400", "--wait", "5")
    assert done.exit_code == 0, done.output
    assert "says this already" in done.output
    assert "starts_at + toIntervalDay(400)" in done.output

    shown = json.loads(invoke("retention", "show", "--json").stdout)
    by_table = {one["table"]: one for one in shown["tables"]}
    assert (by_table["samples_1d"]["kept_days"], by_table["samples_1d"]["asked"]) == (400, '{"days": 400}')
    assert (by_table["samples"]["tier"], by_table["samples"]["kept_days"]) == ("raw", 14)
    assert shown["disk"]["free_bytes"] > 0
    text = invoke("retention", "show").output
    assert "GB free; at what comes in now it is full not within ten years" in text
    rolled.close()
    clickhouse.drop(rolled.settings)


@pytest.mark.parametrize("days", ["0", "1", "-3", "much", "99999"])
def test_what_cannot_be_kept_is_refused(days: str) -> None:
    refused = invoke("retention", "set", "raw", "--", days)
    assert refused.exit_code == 2
    assert "DAYS" in refused.output + refused.stderr
