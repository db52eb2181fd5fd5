"""Containers are read back by fastavro's own reader: what we put in front of a body must be Avro."""

import io
from typing import Any

import fastavro
import pytest
from pulsemon_schemas import codec, registry
from pulsemon_schemas.records import MetricBatch
from pulsemon_sinks.containers import Container, Places, encode_long
from pulsemon_sinks.landings import ALERTS_LANDING, containers
from support.alerts import transition

AT_MS = 1_750_000_000_000


def batch(sequence: int) -> MetricBatch:
    return MetricBatch(
        "web-1", "agent", "p", sequence, "", -1, AT_MS, AT_MS + 5, ("a", "b"), ("", "x=1"), (1.0, 2.5), {}
    )


def read(body: bytes) -> list[Any]:
    return list(fastavro.reader(io.BytesIO(body)))


@pytest.fixture(name="container")
def metric_container() -> Container:
    return Container(registry.schema(registry.newest("metric_batch")))


def test_records_come_back_with_their_place_in_front(container: Container) -> None:
    places = Places("topic-id", 3)
    rows = read(container.build([(places.encode(7 + n, AT_MS + n), codec.encode(batch(n))) for n in range(3)]))
    assert [(row["topic_id"], row["partition"], row["offset"]) for row in rows] == [
        ("topic-id", 3, 7 + n) for n in range(3)
    ]
    assert [round(row["append_time"].timestamp() * 1000) for row in rows] == [AT_MS, AT_MS + 1, AT_MS + 2]
    assert [row["sequence"] for row in rows] == [0, 1, 2]
    assert rows[0]["names"] == ["a", "b"]
    assert rows[0]["values"] == [1.0, 2.5]


def test_every_record_has_a_block_of_its_own(container: Container) -> None:
    places = Places("t", 0)
    body = container.build([(places.encode(n, AT_MS), codec.encode(batch(n))) for n in range(4)])
    assert [block.num_records for block in fastavro.block_reader(io.BytesIO(body))] == [1, 1, 1, 1]


def test_no_records_make_an_empty_container(container: Container) -> None:
    assert read(container.build([])) == []


@pytest.mark.parametrize(
    ("number", "expected"), [(0, b"\x00"), (-1, b"\x01"), (1, b"\x02"), (64, b"\x80\x01"), (-65, b"\x81\x01")]
)
def test_longs_are_zigzag(number: int, expected: bytes) -> None:
    assert encode_long(number) == expected


def test_a_record_that_names_a_place_itself_keeps_it() -> None:
    landed = containers(ALERTS_LANDING)[registry.newest("alert_event")]
    (row,) = read(landed.build([(Places("own-log", 3).encode(7, AT_MS), codec.encode(transition()))]))
    assert (row["log_topic_id"], row["log_partition"], row["log_offset"]) == ("own-log", 3, 7)
    assert (row["topic_id"], row["partition"], row["last_offset"]) == ("metrics-log", 0, 4)
