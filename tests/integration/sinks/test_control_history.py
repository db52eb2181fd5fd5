"""The control log as rows, and the servers that are registered in it."""

import json

import pytest
from pulsemon_schemas import codec
from pulsemon_schemas.records import ControlRecord
from support.sinks import AT_MS, Place, batch, headers, running_sink

pytestmark = [pytest.mark.kafka, pytest.mark.clickhouse]


def put(server: str, version: int, change: str, operation: str = "put", **body: object) -> ControlRecord:
    text = json.dumps(
        {"name": server.upper(), "environment": "prod", "region": "eu", "role": "web", "labels": {}, **body}
    )
    return ControlRecord(
        "server", server, operation, version, change, "ann", "", "why", text if operation == "put" else ""
    )


def write(place: Place, *records: ControlRecord) -> None:
    for one in records:
        place.producer.produce(place.topic("control"), codec.encode(one), one.entity_id, 0)
    place.flush()


def test_every_record_is_a_row_with_its_version_and_verdict(place: Place) -> None:
    write(place, put("a", -1, "c0"), put("a", -1, "c1"), put("a", 0, "c2", role="db"), put("b", -1, "c3"))
    with running_sink(place):
        place.wait_for("control", 4)
        write(place, put("b", 3, "c4", "delete"))
        place.wait_for("control", 5)
    rows = place.rows("SELECT offset, entity_id, operation, version, void FROM {}.control FINAL ORDER BY offset")
    assert [(offset, entity, operation, void) for offset, entity, operation, _, void in rows] == [
        (0, "a", "put", 0),
        (1, "a", "put", 1),
        (2, "a", "put", 0),
        (3, "b", "put", 0),
        (4, "b", "delete", 0),
    ]
    assert [row[3] for row in rows if not row[4]] == [0, 2, 3, 4]
    assert place.rows("SELECT server_id, name, role, environment, is_registered, version FROM {}.servers") == [
        ("a", "A", "db", "prod", 1, 2)
    ]


def test_a_sink_that_starts_again_repeats_nothing(place: Place) -> None:
    write(place, put("a", -1, "c0"), put("b", -1, "c1"))
    for _ in range(2):
        with running_sink(place):
            place.wait_for("control", 2)
            place.send([batch("a")])
            place.wait_for("batches", 1)
    assert place.rows("SELECT count() FROM {}.control") == [(2,)]


def test_a_record_that_is_none_is_void_and_a_dead_letter(place: Place) -> None:
    place.producer.produce(place.topic("control"), b"garbage", "a", 0)
    write(place, put("a", -1, "c0"))
    with running_sink(place):
        place.wait_for("control", 2)
        letters = place.dead_letters(1)
    assert (letters[0].key(), letters[0].value(), headers(letters[0])["reason"]) == (b"a", b"garbage", "framing")
    assert place.rows("SELECT entity_type, void FROM {}.control FINAL ORDER BY offset") == [
        ("invalid", 1),
        ("server", 0),
    ]


def test_registered_servers_and_those_that_only_send(place: Place) -> None:
    write(place, put("web-1", -1, "c0", labels={"rack": "7"}), put("silent", -1, "c1"))
    with running_sink(place):
        place.send([batch("web-1"), batch("stranger"), batch("web-1", source="service", producer_id="s")])
        place.wait_for("batches", 3)
        place.wait_for("control", 2)
    rows = place.rows(
        "SELECT server_id, environment, labels, toUnixTimestamp64Milli(last_seen_at), sources "
        "FROM {}.servers ORDER BY ALL"
    )
    assert rows == [
        ("silent", "prod", {}, 0, []),
        ("stranger", "", {}, AT_MS, ["agent"]),
        ("web-1", "prod", {"rack": "7"}, AT_MS, ["agent", "service"]),
    ]
