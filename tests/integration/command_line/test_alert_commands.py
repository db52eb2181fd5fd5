"""Alerts from the command line: what the store has, what flows, and the records behind an alert in a real Kafka."""

import json
import threading
import time
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from pulsemon_deploy.kafka import ensure_topics, topic_ids
from pulsemon_schemas.codec import encode
from pulsemon_schemas.partitioner import partition_for
from pulsemon_schemas.records import AlertEvent
from pulsemon_schemas.topics import ALERTS, METRICS
from support.alerts import state, transition
from support.clickhouse import Engine
from support.command_line import invoke, use_clickhouse, use_kafka
from support.kafka import Broker
from support.sinks import batch
from support.stored_alerts import StoredAlerts

pytestmark = [pytest.mark.kafka, pytest.mark.clickhouse]
PARTITIONS = 4


@pytest.fixture(name="stored")
def stored_alerts(kafka: Broker, clickhouse: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[StoredAlerts]:
    ensure_topics(kafka.settings, PARTITIONS)
    made = StoredAlerts(clickhouse.fresh_database())
    use_kafka(monkeypatch, kafka)
    use_clickhouse(monkeypatch, clickhouse.reader_of(made.settings))
    yield made
    made.close()
    clickhouse.drop(made.settings)


def answer(*arguments: str) -> Any:
    result = invoke(*arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def send_batches(kafka: Broker, server: str, topic: str, count: int) -> tuple[int, int]:
    """Batches of the server and of another in its partition; the partition, and the offset of the first."""
    partition = partition_for(server.encode(), PARTITIONS)
    offsets: list[int] = []
    producer = kafka.producer()
    for number in range(count):
        values = (0.5, number / 100, 1.0)
        for name in (server, "another"):
            producer.produce(
                topic,
                encode(batch(name, number, values=values)),
                name.encode(),
                partition,
                on_delivery=lambda _, message: offsets.append(message.offset() or 0),
            )
    assert producer.flush(20) == 0
    return partition, min(offsets)


def test_open_alerts_are_listed_worst_first(stored: StoredAlerts) -> None:
    assert invoke("alert", "list").stdout == "no alert is open\n"
    stored.put(transition(alert="b" * 32, level="warning"), transition("db-1", "a" * 32), state())
    rows = answer("alert", "list")
    assert [(one["server_id"], one["level"]) for one in rows] == [("db-1", "critical"), ("web-1", "warning")]
    table = invoke("alert", "list", "--server", "web-1").stdout.splitlines()
    assert len(table) == 2
    assert table[1].split()[:5] == ["b" * 12, "warning", "firing", "web-1", "fs_space"]
    assert table[1].endswith("silenced by silence/night")
    assert [one["level"] for one in answer("alert", "list", "--level", "warning")] == ["warning"]


def test_alerts_that_ended_are_listed_newest_first(stored: StoredAlerts) -> None:
    now_ms = int(time.time() * 1000)

    def ended(alert: str, minutes_ago: int, **changes: Any) -> AlertEvent:
        at_ms = now_ms - 60_000 * minutes_ago
        fields: dict[str, Any] = {
            "state": "resolved",
            "previous_state": "firing",
            "occurred_at_ms": at_ms,
            "reason": "below 0.95",
        }
        return transition(alert=alert, number=1, **fields | changes)

    stored.put(transition(alert="e1"), ended("e1", 50), ended("e2", 10, level="warning"), transition(alert="open"))
    stored.put(ended("never", 5, state="expired", previous_state="pending"), ended("old", 2000))
    rows = answer("alert", "list", "--ended")
    assert [(one["alert_id"], one["state"]) for one in rows] == [("e2", "resolved"), ("e1", "resolved")]
    assert [one["alert_id"] for one in answer("alert", "list", "--ended", "--last", "30m")] == ["e2"]
    assert [one["alert_id"] for one in answer("alert", "list", "--ended", "--last", "2d")] == ["e2", "e1", "old"]
    assert [one["alert_id"] for one in answer("alert", "list", "--ended", "--level", "critical")] == ["e1"]
    assert answer("alert", "list", "--ended", "--server", "another") == []
    assert invoke("alert", "list", "--ended").stdout.splitlines()[1].endswith("below 0.95")
    assert invoke("alert", "list", "--ended", "--last", "1m").stdout == "no alert ended in that time\n"


@pytest.mark.parametrize("wrong", [("--ended", "--pending"), ("--last", "2h")])
def test_options_that_do_not_go_together_are_refused(wrong: tuple[str, ...]) -> None:
    assert invoke("alert", "list", *wrong).exit_code == 2


def test_an_alert_is_shown_with_all_its_steps_by_the_beginning_of_its_id(stored: StoredAlerts) -> None:
    stored.put(transition(alert="ab1", number=0, state="pending"), transition(alert="ab1", number=1))
    stored.put(transition(alert="ab2"), transition(alert="ab1", number=2, state="resolved", value=0.5, actor="ann"))
    shown = answer("alert", "show", "ab1")
    assert [(one["state"], one["rule_version"], one["last_offset"]) for one in shown["transitions"]] == [
        ("pending", 7, 4),
        ("firing", 7, 5),
        ("resolved", 7, 6),
    ]
    text = invoke("alert", "show", "ab1").stdout
    assert "fs_space, version 7 by ann" in text
    assert "would not fire  just below 0.95" in text
    assert "pages nobody    silenced by silence/night" in text
    several = invoke("alert", "show", "ab")
    assert (several.exit_code, "2 alerts begin with 'ab', ab1 and ab2" in several.stderr) == (2, True)
    assert invoke("alert", "show", "c").exit_code == 1
    assert "has no transition 9; it has those up to 2" in invoke("alert", "show", "ab1", "--transition", "9").stderr


def test_the_records_behind_an_alert_are_read_again(kafka: Broker, stored: StoredAlerts) -> None:
    server = f"web-{uuid.uuid4().hex[:8]}"
    partition, first = send_batches(kafka, server, METRICS.name, 6)
    place = {
        "topic_id": topic_ids(kafka.settings, [METRICS.name])[METRICS.name],
        "partition": partition,
        "first_offset": first + 2,
        "last_offset": first + 6,
        "labels": "mount=/",
    }
    stored.put(transition(server, "c1", 0, state="pending", **{**place, "last_offset": first}))
    stored.put(transition(server, "c1", 1, **place))
    records = answer("alert", "show", "c1", "--records")["records"]
    assert (records["transition"], records["missing"]) == (1, "")
    assert [(one["offset"], one["value"]) for one in records["samples"]] == [
        (first + 2, "0.01"),
        (first + 4, "0.02"),
        (first + 6, "0.03"),
    ]
    text = invoke("alert", "show", "c1", "--records").stdout
    assert f"transition 1, offsets {first + 2}-{first + 6}:" in text
    assert "system.filesystem.utilization{mount=/}  0.03" in text

    stored.put(transition(server, "c2", 0, **{**place, "metric": "", "labels": ""}))
    silence = answer("alert", "show", "c2", "--records")["records"]["samples"]
    assert [(one["sequence"], one["samples"]) for one in silence] == [(1, 3), (2, 3), (3, 3)]

    stored.put(transition(server, "c3", 0, **{**place, "topic_id": "the one before"}))
    gone = answer("alert", "show", "c3", "--records")["records"]
    assert (gone["samples"], "was made anew since" in gone["missing"]) == ([], True)
    assert gone["missing"].endswith("ClickHouse has none of them either: it keeps them for 14 days")
    assert "was made anew since" in invoke("alert", "show", "c3", "--records").stdout


@pytest.mark.usefixtures("stored")
def test_transitions_are_printed_as_they_are_made(kafka: Broker) -> None:
    server = f"tail-{uuid.uuid4().hex[:8]}"
    stop = threading.Event()

    def send() -> None:
        producer = kafka.producer()
        number = 0
        while not stop.wait(0.05):
            for value in (encode(transition(server, "d1", number)), encode(transition("another")), b"garbage"):
                producer.produce(ALERTS.name, value, server.encode(), 0)
            producer.flush(5)
            number += 1

    sender = threading.Thread(target=send)
    sender.start()
    try:
        result = invoke("alert", "tail", "--server", server, "--count", "2", "--json")
        line = invoke("alert", "tail", "--server", server, "--count", "1").stdout
    finally:
        stop.set()
        sender.join()
    first, second = (json.loads(one) for one in result.stdout.splitlines())
    assert (first["server_id"], second["transition"]) == (server, first["transition"] + 1)
    assert first["suppressed_by"] == ["silence/night"]
    assert f"critical {server}  fs_space system.filesystem.utilization" in line
    assert "0.97 (limit 0.95): at or above 0.95" in line


def test_a_store_that_is_away_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULSEMON_CLICKHOUSE_HOST", "127.0.0.1")
    monkeypatch.setenv("PULSEMON_CLICKHOUSE_PORT", "9")
    result = invoke("alert", "list")
    assert result.exit_code == 1
    assert "ClickHouse at 127.0.0.1:9 does not answer" in result.stderr
