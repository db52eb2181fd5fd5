"""What lies before the raw samples that are whole is never made anew from what is left."""

import time

import pytest
from pulsemon_sinks.clickhouse.ttl import ttls
from pulsemon_sinks.rollups.horizon import horizon, note_change
from support.rolled import DAY, START, Rolled, Sample

pytestmark = pytest.mark.clickhouse

MINUTE_OF_A_DAY = 11 * 3600


def series(start: int, count: int = 30) -> list[Sample]:
    return [Sample("web-1", "system.cpu.busy", "", start + 10 * n, float(n)) for n in range(count)]


def lose_raw(rolled: Rolled, at: int) -> None:
    day = time.strftime("%Y-%m-%d", time.gmtime(at))
    rolled.store.rows(f"ALTER TABLE {rolled.database}.samples DROP PARTITION '{day}'")


def test_a_late_sample_of_a_day_whose_raw_samples_are_gone_changes_nothing(rolled: Rolled) -> None:
    old = START - 3 * DAY
    rolled.block(series(old + MINUTE_OF_A_DAY))
    rolled.end()
    rolled.job().run()
    before = rolled.all_rows()
    assert before["samples_1d"]
    lose_raw(rolled, old)
    rolled.store.rows(
        f"ALTER TABLE {rolled.database}.samples MODIFY TTL toDateTime(recorded_at) + INTERVAL 4 DAY "
        "SETTINGS materialize_ttl_after_modify = 0"
    )
    late = Sample("web-1", "system.cpu.busy", "", old + MINUTE_OF_A_DAY + 5, 99.0)
    newcomer = late._replace(server_id="web-9")
    rolled.block([late, newcomer])
    rolled.end()
    rolled.job().run()
    assert rolled.all_rows() == before


def test_even_inside_the_retention_fewer_samples_never_replace_more(rolled: Rolled) -> None:
    rolled.block(series(START + MINUTE_OF_A_DAY))
    rolled.end()
    rolled.job().run()
    before = rolled.all_rows()
    lose_raw(rolled, START)
    rolled.block([Sample("web-1", "system.cpu.busy", "", START + MINUTE_OF_A_DAY + 5, 99.0)])
    rolled.end()
    rolled.job().run()
    assert rolled.all_rows() == before


def test_a_longer_retention_does_not_bring_back_what_is_gone(rolled: Rolled) -> None:
    table = f"{rolled.database}.samples"
    rolled.store.rows(f"ALTER TABLE {table} MODIFY TTL toDateTime(recorded_at) + INTERVAL 3 DAY")
    short = horizon(rolled.store, rolled.database)
    note_change(rolled.store, rolled.database)
    rolled.store.rows(f"ALTER TABLE {table} MODIFY TTL toDateTime(recorded_at) + INTERVAL 20 DAY")
    long = horizon(rolled.store, rolled.database)
    assert ttls(rolled.store, rolled.database)["samples"].seconds == 20 * DAY
    assert short.now - 3 * DAY <= long.raw_from <= long.now - 3 * DAY


def test_what_the_engine_keeps_is_read_from_its_own_definition(rolled: Rolled) -> None:
    found = {name: one.seconds for name, one in ttls(rolled.store, rolled.database).items()}
    wanted = {"samples": 14, "batches": 14, "samples_1m": 30, "samples_1h": 730}
    assert {name: seconds and seconds // DAY for name, seconds in found.items() if name in wanted} == wanted
    assert found["samples_1d"] is None
