"""Kafka's log made anew, shortened by retention, or the store emptied: nothing is swallowed, nothing stalls."""

import json
from dataclasses import replace
from itertools import pairwise

import pytest
from confluent_kafka import TopicPartition
from pulsemon_deploy.kafka import ensure_topics
from pulsemon_schemas import codec
from pulsemon_schemas.records import ControlRecord
from pulsemon_schemas.topics import CONTROL, METRICS, Topic
from pulsemon_sinks.clickhouse.migrate import migrate
from support.sinks import Place, batch, running_sink
from support.waiting import wait_until

pytestmark = [pytest.mark.kafka, pytest.mark.clickhouse]


def make_anew(place: Place, which: Topic = METRICS) -> None:
    """Deletes a topic and makes another one of the same name."""
    name = place.topic(which.name.removeprefix("pulsemon."))
    admin = place.broker.admin()
    admin.delete_topics([name])[name].result(20)
    wait_until(lambda: name not in admin.list_topics(timeout=5).topics, 10, "the topic gone")
    ensure_topics(place.broker.settings, place.partition_count, [replace(which, name=name)])
    place.producer = place.broker.producer()


@pytest.mark.parametrize("is_longer", [False, True], ids=["shorter", "longer"])
def test_a_topic_made_anew_while_the_sink_runs(place: Place, is_longer: bool) -> None:
    first, second = (3, 9) if is_longer else (9, 3)
    with running_sink(place):
        place.send(batch(sequence=n) for n in range(first))
        place.wait_for("batches", first)
        make_anew(place)
        place.send(batch("db-1", sequence=n) for n in range(second))
        place.send(batch("web-1", sequence=n) for n in range(first, first + second))
        place.wait_for("batches", first + 2 * second, timeout_seconds=40)
        place.wait_for("samples", 3 * (first + 2 * second))
    assert place.rows("SELECT uniqExact(topic_id) FROM {}.sink_ledger") == [(2,)]


def test_a_topic_made_anew_while_no_sink_runs(place: Place) -> None:
    with running_sink(place):
        place.send(batch(sequence=n) for n in range(9))
        place.wait_for("batches", 9)
    make_anew(place)
    place.send(batch("web-1", sequence=n) for n in range(9, 20))
    with running_sink(place):
        place.wait_for("batches", 20)
    assert place.rows("SELECT topic_id, min(offset), count() FROM {}.batches GROUP BY topic_id ORDER BY 3")[1][1:] == (
        0,
        11,
    )


def test_a_store_that_was_emptied_while_no_sink_ran_gets_the_whole_log_again(place: Place) -> None:
    with running_sink(place):
        place.send(batch(sequence=n) for n in range(9))
        place.wait_for("batches", 9)
    place.rows("DROP DATABASE {} SYNC")
    with running_sink(place):
        place.wait_for("batches", 9)
        place.send([batch(sequence=9)])
        place.wait_for("batches", 10)
        place.wait_for("samples", 30)


@pytest.mark.parametrize("is_migrated", [False, True], ids=["and left empty", "and set up by another"])
def test_a_store_that_is_emptied_while_the_sink_runs_gets_the_whole_log_again(place: Place, is_migrated: bool) -> None:
    with running_sink(place):
        place.send(batch(sequence=n) for n in range(9))
        place.wait_for("batches", 9)
        place.rows("DROP DATABASE {} SYNC")
        if is_migrated:
            migrate(place.clickhouse, place.store)
        place.send([batch(sequence=9)])
        place.wait_for("batches", 10)
        place.wait_for("samples", 30)


def test_what_retention_took_is_noted_as_lost_and_storing_goes_on(place: Place) -> None:
    with running_sink(place):
        place.send(batch(sequence=n) for n in range(5))
        place.wait_for("batches", 5)
    place.send(batch(sequence=n) for n in range(5, 20))
    partition = place.rows("SELECT DISTINCT partition FROM {}.batches")[0][0]
    forget = TopicPartition(place.topic("metrics"), partition, 12)
    admin = place.broker.admin()
    admin.delete_records([forget])[forget].result(20)
    with running_sink(place):
        place.wait_for("batches", 5 + 8)
    assert place.rows("SELECT first_offset, last_offset FROM {}.sink_ledger WHERE kind = 'lost'") == [(5, 11)]
    rows = place.rows("SELECT first_offset, last_offset FROM {}.sink_ledger ORDER BY first_offset")
    assert all(following[0] == one[1] + 1 for one, following in pairwise(rows))


def test_the_control_log_made_anew_is_another_history(place: Place) -> None:
    def write(name: str) -> None:
        body = json.dumps({"name": name, "environment": "", "region": "", "role": "", "labels": {}})
        record = ControlRecord("server", name, "put", -1, f"c-{name}", "ann", "", "", body)
        place.producer.produce(place.topic("control"), codec.encode(record), name, 0)
        place.flush()

    with running_sink(place):
        write("old")
        write("older")
        place.wait_for("control", 2)
        make_anew(place, CONTROL)
        write("new")
        place.wait_for("control", 3, timeout_seconds=40)
        assert place.rows("SELECT server_id FROM {}.servers WHERE is_registered = 1") == [("new",)]
