from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from support.clickhouse import Engine
    from support.kafka import Broker
    from support.sinks import Place


@pytest.fixture(name="place")
def own_place(kafka: "Broker", clickhouse: "Engine") -> "Iterator[Place]":
    """Topics with two partitions and a database that no other test uses."""
    from support.sinks import Place

    topics = kafka.create_topics("faults", partition_count=2)
    place = Place(kafka, clickhouse.fresh_database(), topics, partition_count=2)
    yield place
    place.store.close()
    clickhouse.drop(place.clickhouse)
    kafka.delete_topics(topics)
