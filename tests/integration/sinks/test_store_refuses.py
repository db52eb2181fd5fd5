"""Records that pass our own checks and that only the store refuses: here by a constraint that an operator added."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from pulsemon_schemas.partitioner import partition_for
from pulsemon_sinks.clickhouse.migrations import migration_files
from pulsemon_sinks.clickhouse.rendering import placeholders, render, statements
from support.sinks import Place, batch, headers, running_sink
from support.waiting import wait_until

pytestmark = [pytest.mark.kafka, pytest.mark.clickhouse]


def constrain(place: Place, condition: str) -> None:
    """Makes the landing tables before the sink does, with one more constraint."""
    source = render(migration_files()[0].source, placeholders(place.clickhouse.database, []))
    place.rows("CREATE DATABASE IF NOT EXISTS {}")
    for sql in statements(source)[:2]:
        place.rows(sql.replace("CONSTRAINT utf8", f"CONSTRAINT extra CHECK {condition},\n  CONSTRAINT utf8"))


def test_only_the_records_that_are_proven_bad_are_left_out(place: Place) -> None:
    constrain(place, "sequence NOT IN (7, 11)")
    with running_sink(place, flush_seconds=0.5):
        place.send(batch(sequence=n) for n in range(20))
        letters = place.dead_letters(2)
        place.wait_for("batches", 18)
    assert {headers(one)["reason"] for one in letters} == {"refused"}
    assert all("469" in headers(one)["detail"] for one in letters)
    assert place.rows("SELECT sequence FROM {}.batches FINAL WHERE sequence IN (7, 11)") == []
    assert place.rows("SELECT skipped, reasons FROM {}.sink_skips") == [([7, 11], ["refused", "refused"])]


def test_a_store_that_refuses_everything_makes_no_record_bad(place: Place) -> None:
    good_again = int(time.time()) + 3
    constrain(place, f"now() >= toDateTime({good_again})")
    with running_sink(place):
        place.send(batch(sequence=n) for n in range(3))
        place.wait_for("batches", 3)
    assert time.time() >= good_again, "nothing was refused"
    assert place.rows("SELECT count() FROM {}.sink_skips") == [(0,)]


TWO_SERVERS = {partition_for(name.encode(), 2): name for name in (f"web-{n}" for n in range(20))}
"""One of each partition."""


@contextmanager
def refusing(place: Place, condition: str) -> Iterator[None]:
    """The store refuses blocks with such records, for a cause that is not theirs."""
    place.rows(
        f"CREATE MATERIALIZED VIEW {{}}.trap ENGINE = Null AS SELECT throwIf({condition}) AS x FROM {{}}.metrics_in"
    )
    yield
    place.rows("DROP VIEW {}.trap SYNC")


def test_a_partition_that_the_store_refuses_stops_no_other(place: Place) -> None:
    """The first of the two; its records alone are more than the buffers take."""
    with running_sink(place, flush_samples=30, buffer_bytes=4000):
        with refusing(place, "partition = 0"):
            for number in (0, 1):
                place.send(batch(TWO_SERVERS[number], n) for n in range(40))
            wait_until(lambda: stored(place, 1) == 40, 20, "the batches of the other partition")
            # Of a refused block some views may have rows already: never of more than the one that is tried.
            assert stored(place, 0) < 40
        place.wait_for("batches", 80)


def stored(place: Place, partition: int) -> int:
    return int(place.rows(f"SELECT count() FROM {{}}.batches FINAL WHERE partition = {partition}")[0][0])


def test_a_refusal_that_many_suffer_from_is_said_once_and_its_end_too(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "pulsemon_sinks.troubles"), running_sink(place):
        caplog.clear()
        with refusing(place, "1"):
            place.send(batch(server, n) for n in range(3) for server in TWO_SERVERS.values())
            wait_until(lambda: "code 395" in caplog.text, 20, "the sink speaks")
            time.sleep(2.0)  # it is tried again several times, and nothing is said
        place.wait_for("batches", 6)
        wait_until(lambda: "over after" in caplog.text, 10, "the sink says that it goes on")
        said = [one.levelname for one in caplog.records]
    assert said == ["WARNING", "INFO"]
