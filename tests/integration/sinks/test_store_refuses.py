"""Records that pass our own checks and that only the store refuses: here by a constraint that an operator added."""

import time

import pytest
from pulsemon_sinks.clickhouse.migrations import migration_files
from pulsemon_sinks.clickhouse.rendering import placeholders, render, statements
from support.sinks import Place, batch, headers, running_sink

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
