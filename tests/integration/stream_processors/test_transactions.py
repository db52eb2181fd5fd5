"""What one transaction may hold, on a real broker with the topics' own limits."""

import random

import pytest
from pulsemon_stream_processors.transactions import PartitionWriter, Write
from support.processor import Room

pytestmark = pytest.mark.kafka

RECORDS = 600
RECORD_BYTES = 2000


@pytest.mark.parametrize("name", ["processor-state", "alert-state", "alerts", "server-state"])
def test_hundreds_of_records_that_cannot_be_compressed_go_in_one_transaction(room: Room, name: str) -> None:
    """As when a round writes a slice of a large fleet: together more than a topic takes in one piece."""
    values = [random.Random(number).randbytes(RECORD_BYTES) for number in range(RECORDS)]
    writer = PartitionWriter(room.broker.settings_for("processor"), room.application, 0)
    writer.fence()
    writer.write([Write(room.topic(name), 0, b"%d" % number, value) for number, value in enumerate(values)])
    assert [one.value() for one in room.read(name)[0]] == values


def test_the_state_of_a_server_with_very_many_series_is_taken(room: Room) -> None:
    value = random.Random(1).randbytes(900_000)
    writer = PartitionWriter(room.broker.settings_for("processor"), room.application, 0)
    writer.fence()
    writer.write([Write(room.topic("processor-state"), 0, b"web-1", value)])
    assert [one.value() for one in room.read("processor-state")[0]] == [value]
