"""From the metrics topic to every table, with a real Kafka and a real engine."""

import pytest
from pulsemon_deploy.kafka import topic_ids
from pulsemon_schemas import codec, ticks
from pulsemon_schemas.partitioner import partition_for
from pulsemon_schemas.runtime.settings import Secret
from support.sinks import AT_MS, Place, batch, running_sink
from support.waiting import wait_until

pytestmark = [pytest.mark.kafka, pytest.mark.clickhouse]

SERVERS = ("web-1", "web-2", "db-1")


def test_samples_batches_latest_and_servers(place: Place) -> None:
    with running_sink(place):
        place.send(batch(server, n, dropped={"queue_full": n}) for n in range(4) for server in SERVERS)
        place.wait_for("samples", 36)
        place.wait_for("batches", 12)
    stored = place.rows("SELECT server_id, labels, value FROM {}.samples FINAL WHERE name = 'test.plain' ORDER BY ALL")
    assert stored == sorted((server, "", float(n)) for n in range(4) for server in SERVERS)
    newest = place.rows(
        "SELECT server_id, labels, value, toUnixTimestamp64Milli(recorded_at) FROM {}.latest FINAL "
        "WHERE name = 'system.filesystem.utilization' ORDER BY ALL"
    )
    assert newest == [(server, "mount=/", 0.25, AT_MS + 30_000) for server in sorted(SERVERS)]
    assert place.rows("SELECT DISTINCT name FROM {}.latest WHERE name = 'test.plain'") == []
    servers = place.rows(
        "SELECT server_id, name, environment, toUnixTimestamp64Milli(last_seen_at), sources, is_registered "
        "FROM {}.servers ORDER BY ALL"
    )
    assert servers == [(server, server, "", AT_MS + 30_000, ["agent"], 0) for server in sorted(SERVERS)]


def test_a_batch_row_tells_where_it_stands_in_the_log(place: Place) -> None:
    with running_sink(place):
        place.send(batch(sequence=n, previous_producer_id="before", previous_sequence=7) for n in range(3))
        place.wait_for("batches", 3)
    rows = place.rows(
        "SELECT sequence, topic_id, partition, offset, append_time >= recorded_at, delay_ms, samples, non_finite, "
        "source, previous_producer_id, previous_sequence, "
        "toUnixTimestamp64Milli(sent_at) FROM {}.batches FINAL ORDER BY sequence"
    )
    topic_ids = {row[1] for row in rows}
    assert len(topic_ids) == 1
    partition = partition_for(b"web-1", place.partition_count)
    assert [(row[0], *row[2:]) for row in rows] == [
        (n, partition, n, 1, 5, 3, 0, "agent", "before", 7, AT_MS + 10_000 * n + 5) for n in range(3)
    ]


def test_a_batch_that_was_sent_twice_keeps_its_first_place(place: Place) -> None:
    again = batch(sequence=0)
    with running_sink(place):
        place.send([again])
        place.wait_for("batches", 1)
        place.send([again, batch(sequence=1)])
        place.wait_for("batches", 2)
        place.wait_for("samples", 6)
    assert place.rows("SELECT offset FROM {}.batches FINAL ORDER BY sequence") == [(0,), (2,)]


def test_latest_never_goes_back(place: Place) -> None:
    with running_sink(place):
        place.send([batch(sequence=5)])
        place.wait_for("batches", 1)
        place.send([batch(sequence=2)])
        place.wait_for("batches", 2)
    at = place.rows("SELECT toUnixTimestamp64Milli(recorded_at) FROM {}.latest FINAL WHERE name = 'system.cpu.busy'")
    assert at == [(AT_MS + 50_000,)]


def test_values_that_are_no_numbers_are_counted_and_not_stored(place: Place) -> None:
    odd = (float("nan"), float("inf"), float("-inf"))
    with running_sink(place):
        place.send([batch(sequence=0, values=odd), batch(sequence=1), batch(sequence=2, values=(1.0, odd[0], 3.0))])
        place.wait_for("batches", 3)
    assert place.rows("SELECT sequence, samples, non_finite FROM {}.batches FINAL ORDER BY sequence") == [
        (0, 3, 3),
        (1, 3, 0),
        (2, 3, 1),
    ]
    assert place.count("samples") == 5
    assert place.rows("SELECT count() FROM {}.latest WHERE NOT isFinite(value)") == [(0,)]


def test_a_batch_without_samples_is_a_heartbeat(place: Place) -> None:
    with running_sink(place):
        place.send([batch(names=(), labels=(), values=())])
        place.wait_for("batches", 1)
    assert place.rows("SELECT samples FROM {}.batches") == [(0,)]
    assert place.rows("SELECT server_id FROM {}.servers") == [("web-1",)]


def test_twelve_mounts_and_ten_ticks_are_120_rows(place: Place) -> None:
    mounts = tuple(sorted(f"mount=/data/{n:02d}" for n in range(12)))
    with running_sink(place):
        place.send(
            batch(sequence=n, names=("system.filesystem.utilization",) * 12, labels=mounts, values=(0.5,) * 12)
            for n in range(10)
        )
        place.wait_for("batches", 10)
    place.rows("OPTIMIZE TABLE {}.samples FINAL")
    assert place.rows("SELECT count(), uniqExact(labels) FROM {}.samples") == [(120, 12)]
    assert place.count("latest") == 12


def test_a_spool_of_many_days_does_not_stop_the_others(place: Place) -> None:
    """More than a hundred days in one block, which ClickHouse refuses unless told otherwise."""
    day_ms = 86_400_000
    with running_sink(place, flush_seconds=1.0):
        place.send([batch("old", n, recorded_at_ms=AT_MS - n * 3 * day_ms) for n in range(110)] + [batch("web-1")])
        wait_until(
            lambda: place.rows("SELECT server_id FROM {}.servers WHERE server_id = 'web-1'"), 20, "the other server"
        )


def test_ticks_go_to_their_own_table_only(place: Place) -> None:
    topic = place.topic("metrics")
    tick = ticks.make_tick(
        b"secret",
        partition=1,
        topic_id=topic_ids(place.broker.settings, [topic])[topic],
        control_topic_id="control-id",
        control_offset=41,
        producer_id="processor-1",
        sequence=0,
        now_ms=AT_MS,
    )
    with running_sink(place, tick_key=Secret("secret")):
        place.send_raw(ticks.TICK_KEY, codec.encode(tick), partition=1)
        place.send([batch()])
        place.wait_for("ticks", 1)
        place.wait_for("batches", 1)
    rows = place.rows("SELECT partition, offset, producer_id, control_offset, length(signature) FROM {}.ticks FINAL")
    assert rows == [(1, 0, "processor-1", 41, 64)]
    assert place.rows("SELECT count() FROM {}.samples WHERE server_id = '_tick'") == [(0,)]
    assert place.rows("SELECT count() FROM {}.servers WHERE server_id = '_tick'") == [(0,)]
