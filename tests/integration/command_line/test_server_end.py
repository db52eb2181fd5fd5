"""Servers that end: one that is retired keeps its history, one that is purged leaves what the receipt says."""

import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from confluent_kafka import ConsumerGroupTopicPartitions, TopicPartition
from pulsemon_deploy import purge
from pulsemon_deploy.kafka import ensure_topics
from pulsemon_deploy.topic_offsets import partition_ranges
from pulsemon_schemas import codec
from pulsemon_schemas.partitioner import partition_for
from pulsemon_schemas.topics import ALERT_STATE, PROCESSOR_STATE, SERVER_STATE
from pulsemon_sinks.clickhouse.settings import ClickHouseSettings
from pulsemon_sinks.purge import StoredServer
from pulsemon_sinks.settings import SinkSettings
from support.alerts import state, transition
from support.clickhouse import Engine
from support.command_line import invoke, use_clickhouse, use_kafka
from support.kafka import Broker
from support.stored_alerts import StoredAlerts

pytestmark = [pytest.mark.kafka, pytest.mark.clickhouse]

RAW = {"samples", "batches", "latest", "sightings"}
TIERS = {"samples_1m", "samples_1h", "samples_1d"}
TIMES = {
    "samples": "recorded_at",
    "batches": "recorded_at",
    "latest": "recorded_at",
    "sightings": "",
    **dict.fromkeys(sorted(TIERS), "starts_at"),
    "state_snapshots": "taken_at",
}
"""By what a row is too old to be stored; what says nothing of it would be."""
SAID = {"alerts", "alerts_shadow", "alert_state", "server_state", "state_snapshots"}


@pytest.fixture(autouse=True)
def administrator(kafka: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    ensure_topics(kafka.settings, 4)
    use_kafka(monkeypatch, kafka, "admin")


@pytest.fixture
def server_id() -> str:
    return f"end-{uuid.uuid4().hex[:12]}"


@pytest.fixture
def stored(clickhouse: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[StoredAlerts]:
    own = StoredAlerts(clickhouse.fresh_database())
    use_clickhouse(monkeypatch, own.settings)
    yield own
    own.close()
    clickhouse.drop(own.settings)


def answer(*arguments: str, exit_code: int = 0) -> Any:
    result = invoke(*arguments, "--json")
    assert result.exit_code == exit_code, result.output + result.stderr
    return json.loads(result.stdout)


def test_a_retired_server_is_listed_and_its_keys_end(server_id: str) -> None:
    made = answer("server", "add", server_id, "--role", "db")
    kept = answer("key", "add", server_id)
    assert invoke("server", "retire", server_id, "--keep-keys").exit_code == 0
    assert {one["state"] for one in answer("key", "list", "--server", server_id)} == {"good"}

    result = invoke("server", "retire", server_id, "--reason", "sold")

    assert result.exit_code == 0, result.output
    assert all(f"key {one['id']} is revoked" in result.stdout for one in (made, kept))
    shown = answer("server", "show", server_id)
    assert (shown["role"], shown["history"][-1]["reason"]) == ("db", "sold")
    assert invoke("server", "retire", "nobody-at-all").exit_code == 1


def test_a_purge_deletes_all_rows_of_one_server_and_no_other(
    kafka: Broker, stored: StoredAlerts, server_id: str
) -> None:
    """Its tables are those that the database has: one that is added later is among them, or this fails."""
    made = answer("server", "add", server_id, "--direct")
    for one in (server_id, f"{server_id}-other"):
        fill(stored, one)
    of_other = counts(stored.settings, stored, f"{server_id}-other")
    assert set(of_other) == RAW | TIERS | SAID
    assert all(of_other.values()), of_other
    assert invoke("server", "purge", server_id).exit_code == 2, "it asks first"
    assert all(counts(stored.settings, stored, server_id).values()), "and nothing was deleted"

    sink_has_read_all(kafka)
    receipt = answer("server", "purge", server_id, "--yes", "--wait", "0", "--reason", "they asked")

    assert {one["table"]: one["rows"] for one in receipt["deleted"]} == of_other
    assert not any(counts(stored.settings, stored, server_id).values())
    assert counts(stored.settings, stored, f"{server_id}-other") == of_other
    assert (receipt["keys"], receipt["logins"], receipt["again"]) == ([made["id"]], [made["login"]], [])
    stays = {one["what"]: one["until"] for one in receipt["stays"]}
    assert stays["pulsemon.control"] is None
    assert stays["pulsemon.metrics"] < stays["pulsemon.alerts"], "72 hours, and 30 days"
    assert {"backups", "pulsemon.deadletter", "pulsemon.processor-state"} <= stays.keys()
    assert invoke("server", "show", server_id).exit_code == 1
    assert answer("key", "list", "--server", server_id) == []
    assert invoke("key", "sync", "--dry-run").exit_code == 0


def test_a_purge_that_was_cut_off_goes_on_and_a_second_one_changes_nothing(
    kafka: Broker, stored: StoredAlerts, server_id: str
) -> None:
    """What the processor has yet to end is told, and it alone ends it: with the tombstones it is done."""
    answer("server", "add", server_id)
    for status in ("warning", "ok"):
        produce(kafka, SERVER_STATE.name, server_id, codec.encode(state(server_id, status)))
    produce(kafka, ALERT_STATE.name, server_id, codec.encode(transition(server_id)), key="an-alert")
    produce(kafka, PROCESSOR_STATE.name, server_id, b"state")

    first = answer("server", "purge", server_id, "--yes", "--wait", "0", exit_code=1)

    assert first["keys_left_in_topics"] == dict.fromkeys(purge.NAMES, 1)
    processor, sink = first["again"]
    assert processor == "the processor has not ended it yet: does it run?"
    assert sink.startswith(f"the sink has still to store records of {SERVER_STATE.name}")
    fill(stored, server_id)  # as the sink does with what it had still to read
    for topic in purge.NAMES:
        produce(kafka, topic, server_id, None, key="an-alert" if topic == ALERT_STATE.name else "")
    sink_has_read_all(kafka)
    second = answer("server", "purge", server_id, "--yes", "--wait", "0")
    assert second["version"] == first["version"], "it was purged once"
    assert sum(one["rows"] for one in second["deleted"]) > 0
    third = answer("server", "purge", server_id, "--yes", "--wait", "0")
    assert (third["version"], sum(one["rows"] for one in third["deleted"])) == (first["version"], 0)


def produce(kafka: Broker, topic: str, server_id: str, value: bytes | None, key: str = "") -> None:
    producer = kafka.producer("processor", {"log_level": 2, "enable.idempotence": False})
    partition = partition_for(server_id.encode(), 4)
    producer.produce(topic, value, key or server_id, partition)
    assert producer.flush(20) == 0


def sink_has_read_all(kafka: Broker) -> None:
    """Its groups have committed the ends of what they read."""
    admin = kafka.admin()
    for topic, group in SinkSettings().groups.items():
        places = [
            TopicPartition(topic, one.partition, one.end_offset) for one in partition_ranges(kafka.settings, topic)
        ]
        for future in admin.alter_consumer_group_offsets([ConsumerGroupTopicPartitions(group, places)]).values():
            future.result(20)


def counts(settings: ClickHouseSettings, stored: StoredAlerts, server_id: str) -> dict[str, int]:
    own = StoredServer(stored.store, settings, server_id)
    return {table: own._count(table) for table in own.tables()}


def fill(stored: StoredAlerts, server_id: str) -> None:
    """A row or more in each table that has any of servers."""
    database = stored.settings.database
    stored.put(state(server_id, "warning"), transition(server_id))
    stored.store.rows(
        f"INSERT INTO {database}.alerts_shadow SELECT * REPLACE (now64(3) AS occurred_at, now64(3) AS log_append_time) "
        f"FROM {database}.alerts WHERE server_id = %(id)s",
        {"id": server_id},
    )
    for table, time in TIMES.items():
        columns, values = (f"server_id, {time}", "%(id)s, now()") if time else ("server_id", "%(id)s")
        columns = columns.replace("server_id", "key") if table == "state_snapshots" else columns
        stored.store.rows(f"INSERT INTO {database}.{table} ({columns}) VALUES ({values})", {"id": server_id})
