"""What retention removes from Kafka is read again from the store, and is the same."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from confluent_kafka import TopicPartition
from pulsemon_deploy.alert_records import Found, completed, reread
from pulsemon_deploy.kafka import topic_ids
from pulsemon_schemas.partitioner import partition_for
from pulsemon_sinks.reader.alerts import asker
from pulsemon_sinks.reader.behind import Seen, Series, Span
from support.sinks import Place, batch, running_sink

pytestmark = [pytest.mark.kafka, pytest.mark.clickhouse]

SERVER = "web-1"
DISK = Series(SERVER, "system.filesystem.utilization", "mount=/")
RARE = Series(SERVER, "own.rare", "")
SILENCE = Series(SERVER, "", "")


def send_two_producers(place: Place, count: int) -> None:
    """An agent, a service of its host at every third of its times, another server, and a value that is no number."""
    service = {"producer_id": "service", "source": "service", "names": ("own.rare",), "labels": ("",)}
    for number in range(count):
        disk = float("nan") if number == 2 else number / 7
        place.send([batch(SERVER, number, values=(0.5, disk, 1.0)), batch("another", number)])
        if number % 3 == 0:
            place.send([batch(SERVER, number, **service, values=(number / 3,))])


def without_origin(records: Sequence[Seen]) -> list[Seen]:
    return [replace(one, origin="") for one in records]


def test_the_store_gives_what_kafka_gave(place: Place) -> None:
    topic = place.topic("metrics")
    kafka = place.broker.settings_for("operator")
    span = Span(topic_ids(kafka, [topic])[topic], partition_for(SERVER.encode(), place.partition_count), 2, 20)
    ask = asker(place.store, place.clickhouse.database)

    def again(series: Series, one: Span = span) -> Found:
        return completed(reread(kafka, series, one, topic), ask, series)

    with running_sink(place):
        send_two_producers(place, 16)
        place.wait_for("batches", 38)
    whole = {series: again(series) for series in (DISK, RARE, SILENCE)}
    assert all(found.missing == "" for found in whole.values())
    assert 2 < len(whole[DISK].records) < len(whole[SILENCE].records)
    assert {one.source for one in whole[RARE].records} == {"service"}

    admin = place.broker.admin()
    at = TopicPartition(topic, span.partition, 12)
    admin.delete_records([at])[at].result(20)
    for series, found in whole.items():
        now = again(series)
        assert without_origin(now.records) == without_origin(found.records)
        assert {one.origin for one in now.records} == {"clickhouse", "kafka"}
        assert {one.origin for one in now.records if one.offset < 12} == {"clickhouse"}
    told = again(DISK).missing
    assert told.startswith(f"retention removed the records 2-11: partition {span.partition}")
    assert told.endswith("of these are shown as ClickHouse has stored them")
    wholly = again(DISK, replace(span, last_offset=10))
    assert "retention removed all records 2-10" in wholly.missing
    assert wholly.records == tuple(one for one in again(DISK).records if one.offset <= 10)

    anew = again(DISK, replace(span, topic_id="the one before"))
    assert anew.records == ()
    assert anew.missing.endswith("ClickHouse has none of them either: it keeps them for 14 days")
