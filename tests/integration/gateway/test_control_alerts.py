"""Alerts and the state of servers as the processor wrote them, and what is done to alerts; events."""

import json
import time
import uuid
from collections.abc import Sequence
from dataclasses import replace

import pytest
from confluent_kafka import Consumer, TopicPartition
from pulsemon_schemas.codec import decode, encode
from pulsemon_schemas.records import AlertEvent, ControlRecord, Event, Record, ServerState
from pulsemon_schemas.rules import parse_command
from pulsemon_schemas.runtime.kafka import consumer_config
from pulsemon_schemas.tokens import CLOSE_ALERTS, READ, WRITE_ALERTS
from pulsemon_schemas.topics import ALERT_STATE, CONTROL, EVENTS, SERVER_STATE
from support.control_api import FRESH, ask, new_token
from support.gateways import Gateway
from support.kafka import Broker
from support.waiting import wait_until

pytestmark = pytest.mark.kafka


@pytest.fixture(scope="module", name="token")
def all_scopes(gateway: Gateway) -> str:
    return new_token(gateway, name="ann")[0]


def alert(server_id: str, number: int = 0, **own: object) -> AlertEvent:
    made = AlertEvent(
        f"e{number}", f"{server_id}-{number}", 0, server_id, "cpu", 3, "rules", "system.cpu.utilization", "mode=user",
        "pending", "firing", "", "critical", "limit crossed", "", 1_700_000_000_000 + number, 1_700_000_000_500, False,
        0.95, 0.9, 0.89, "avg", 300.0, 30, "t", 0, 1, 2, 5,
    )  # fmt: skip
    return replace(made, **own)  # type: ignore[arg-type] # fields by name


def publish(kafka: Broker, topic: str, records: dict[str, Record | None]) -> None:
    producer = kafka.producer("processor", {"log_level": 2})
    for key, record in records.items():
        producer.produce(topic, encode(record) if record is not None else None, key.encode())
    assert producer.flush(20) == 0


def records_of(kafka: Broker, topic: str, key: str) -> list[Record]:
    consumer = Consumer(consumer_config(kafka.settings, f"test-{uuid.uuid4().hex}", "test"))
    found: list[Record] = []
    try:
        for partition in consumer.list_topics(topic).topics[topic].partitions:
            low, high = consumer.get_watermark_offsets(TopicPartition(topic, partition), 10)
            consumer.assign([TopicPartition(topic, partition, low)])
            while low < high:
                for message in consumer.consume(high - low, 0.2):
                    low = (message.offset() or 0) + 1
                    if (message.key() or b"").decode().startswith(key):
                        found.append(decode(message.value() or b""))
    finally:
        consumer.close()
    return found


def ids(gateway: Gateway, token: str, query: str) -> Sequence[str]:
    return [one["id"] for one in ask(gateway, "GET", f"/alerts?{query}", token).json["items"]]


def test_alerts_are_listed_newest_first_until_their_tombstone(
    gateway: Gateway, kafka: Broker, token: str, server_id: str
) -> None:
    found = [alert(server_id, number) for number in range(3)]
    found[1] = replace(found[1], state="resolved", level="warning")
    publish(kafka, ALERT_STATE.name, {one.alert_id: one for one in found})
    mine = f"server={server_id}"
    wait_until(lambda: len(ids(gateway, token, f"{mine}&state=any")) == 3, 5.0, "the alerts")
    assert ids(gateway, token, mine) == [found[2].alert_id, found[0].alert_id]
    assert ids(gateway, token, f"{mine}&state=ended") == [found[1].alert_id]
    assert ids(gateway, token, f"{mine}&state=any&level=warning") == [found[1].alert_id]
    assert ids(gateway, token, f"{mine}&rule=other") == []
    first = ask(gateway, "GET", f"/alerts?{mine}&limit=1", token).json
    assert ids(gateway, token, f"{mine}&limit=1&cursor={first['next']}") == [found[0].alert_id]
    shown = ask(gateway, "GET", f"/alerts/{found[0].alert_id}", token).json
    assert (shown["labels"], shown["value"], shown["limit"], shown["notes"]) == ({"mode": "user"}, 0.95, 0.9, [])
    publish(kafka, ALERT_STATE.name, {found[0].alert_id: None})
    wait_until(lambda: ask(gateway, "GET", f"/alerts/{found[0].alert_id}", token).status == 404, 5.0, "the tombstone")


def test_commands_are_records_that_the_processor_obeys(
    gateway: Gateway, kafka: Broker, token: str, server_id: str
) -> None:
    one, over = alert(server_id), alert(server_id, 1, state="resolved")
    publish(kafka, ALERT_STATE.name, {one.alert_id: one, over.alert_id: over})
    path = f"/alerts/{one.alert_id}"
    wait_until(lambda: len(ids(gateway, token, f"server={server_id}&state=any")) == 2, 5.0, "the alerts")
    named = {"Idempotency-Key": uuid.uuid4().hex, "Pulsemon-On-Behalf-Of": "bob"}
    taken = ask(gateway, "POST", f"{path}/acknowledge", token, {"note": "mine", "expires_in_seconds": 600}, named)
    assert taken.status == 202, taken
    again = ask(gateway, "POST", f"{path}/acknowledge", token, {"note": "mine", "expires_in_seconds": 600}, named)
    assert again.json == taken.json, "a command that is repeated is one"
    assert ask(gateway, "POST", f"{path}/comment", token, {"text": "a disk is on its way"}).status == 202
    assert ask(gateway, "POST", f"{path}/close", token, {}).status == 202
    assert ask(gateway, "POST", f"/alerts/{over.alert_id}/close", token, {}).problem == "state-conflict"
    assert ask(gateway, "POST", f"/alerts/{over.alert_id}/comment", token, {"text": "post mortem"}).status == 202
    assert ask(gateway, "POST", f"{path}/comment", token, {}).problem == "entity-invalid"
    assert ask(gateway, "POST", f"{path}/close", token, {"expires_in_seconds": 5}).problem == "entity-invalid"
    assert ask(gateway, "POST", "/alerts/nothing/close", token, {}).problem == "entity-unknown"

    notes = ask(gateway, "GET", path, token).json["notes"]
    assert [(note["what"], note["text"]) for note in notes] == [
        ("acknowledge", "mine"),
        ("comment", "a disk is on its way"),
        ("resolve", ""),
    ]
    assert (notes[0]["author"].split("/")[0], notes[0]["on_behalf_of"]) == ("ann", "bob")
    assert notes[0]["until"] == pytest.approx(time.time() * 1000 + 600_000, abs=60_000)
    written = [one for one in records_of(kafka, CONTROL.name, one.alert_id) if isinstance(one, ControlRecord)]
    commands = [
        parse_command(record.entity_id, json.loads(record.body), record.author, 0)
        for record in written
        if record.entity_type == "alert_command"
    ]
    assert [(command.command, command.server_id) for command in commands] == [
        ("acknowledge", server_id),
        ("resolve", server_id),
    ]


def test_closing_needs_a_scope_of_its_own(gateway: Gateway, kafka: Broker, server_id: str) -> None:
    one = alert(server_id)
    publish(kafka, ALERT_STATE.name, {one.alert_id: one})
    hand, _ = new_token(gateway, [READ, WRITE_ALERTS], name="hand")
    closer, _ = new_token(gateway, [READ, CLOSE_ALERTS], name="closer")
    wait_until(lambda: ids(gateway, hand, f"server={server_id}") != [], 5.0, "the alert")
    path = f"/alerts/{one.alert_id}"
    assert ask(gateway, "POST", f"{path}/close", hand, {}).problem == "scope-missing"
    assert ask(gateway, "POST", f"{path}/acknowledge", closer, {}).problem == "scope-missing"
    assert ask(gateway, "POST", f"{path}/acknowledge", hand, {}).status == 202
    assert ask(gateway, "POST", f"{path}/close", closer, {}).status == 202


def test_a_server_shows_how_it_is(gateway: Gateway, kafka: Broker, token: str, server_id: str) -> None:
    assert ask(gateway, "PUT", f"/servers/{server_id}", token, {"role": server_id}, FRESH).status == 201
    state = ServerState(server_id, "critical", "ok", 5, 1_700_000_000_000, "critical", {"critical": 2}, "t", 0, 7, 3)
    publish(kafka, SERVER_STATE.name, {server_id: state})
    wait_until(lambda: ask(gateway, "GET", f"/servers/{server_id}", token).json["state"], 5.0, "the state")
    shown = ask(gateway, "GET", f"/servers?role={server_id}&status=critical", token).json["items"]
    assert [one["state"]["last_seen_at"] for one in shown] == [1_700_000_000_000]
    assert ask(gateway, "GET", f"/servers?role={server_id}&status=ok", token).json["items"] == []


def test_events_are_in_the_log_once_a_name(gateway: Gateway, kafka: Broker, token: str, server_id: str) -> None:
    item = {"server_id": server_id, "kind": "deploy", "text": "shop 1.4", "labels": {"version": "1.4"}}
    named = {"Idempotency-Key": uuid.uuid4().hex}
    first = ask(gateway, "POST", "/events", token, item, named)
    assert first.status == 202, first
    assert ask(gateway, "POST", "/events", token, item, named).json["event_id"] == first.json["event_id"]
    assert ask(gateway, "POST", "/events", token, item).json["event_id"] != first.json["event_id"]
    found = records_of(kafka, EVENTS.name, server_id)
    assert len(found) == 3
    assert isinstance(found[0], Event)
    assert (found[0].kind, found[0].text, found[0].labels) == ("deploy", "shop 1.4", "version=1.4")
    assert found[0].author.startswith("ann/")
    for wrong in (
        {"kind": "deploy"},
        {**item, "kind": "Two Words"},
        {**item, "occurred_at": 5},
        {**item, "server_id": "_tick"},
        {**item, "labels": {"a": 1}},
        {**item, "text": "x" * 2001},
        {**item, "more": 1},
    ):
        assert ask(gateway, "POST", "/events", token, wrong).problem == "entity-invalid", wrong
