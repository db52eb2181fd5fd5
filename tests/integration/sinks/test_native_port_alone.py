"""The sink where HTTP is closed: the same rows, the same tokens, the same dead letters."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Literal

import pytest
from pulsemon_deploy.kafka.ports import free_ports
from pulsemon_schemas import codec
from pulsemon_sinks.canary import canary
from pulsemon_sinks.clickhouse.bulk import HttpBulkStore
from pulsemon_sinks.clickhouse.bulk_choice import ChosenBulkStore
from pulsemon_sinks.clickhouse.connection import NativeStore
from pulsemon_sinks.clickhouse.errors import StoreRefusedError, StoreUnreachableError
from pulsemon_sinks.clickhouse.migrate import migrate
from pulsemon_sinks.clickhouse.native_bulk import NativeBulkStore
from pulsemon_sinks.clickhouse.settings import ClickHouseSettings
from pulsemon_sinks.containers import Places
from pulsemon_sinks.landings import METRICS_LANDING, containers
from support.clickhouse import Engine
from support.sinks import AT_MS, Place, batch, headers, running_sink

Bulk = HttpBulkStore | NativeBulkStore


def container(count: int = 5) -> bytes:
    places = Places("id-1", 0)
    records = [(places.encode(n, AT_MS + 60_000), codec.encode(batch(sequence=n))) for n in range(count)]
    return containers(METRICS_LANDING)[int.from_bytes(canary().value[1:5], "big")].build(records)


@pytest.mark.kafka
@pytest.mark.clickhouse
def test_a_sink_stores_everything_over_the_native_port(place: Place) -> None:
    closed = replace(place.clickhouse, http_port=free_ports(1)[0])
    place.clickhouse = closed
    with running_sink(place):
        place.send(batch(server, n, dropped={"spool_full": n}) for n in range(4) for server in ("web-1", "db-1"))
        place.send_raw(b"web-1", codec.encode(batch(sequence=9, labels=("", "b", "a"), names=("a", "z", "z"))))
        place.flush()
        place.wait_for("batches", 8)
        place.wait_for("samples", 24)
        (letter,) = place.dead_letters(1)
    assert headers(letter)["topic"] == place.topic("metrics")
    assert place.rows("SELECT sum(dropped['spool_full']) FROM {}.batches FINAL") == [(12,)]


@pytest.fixture(name="store")
def migrated(clickhouse: Engine) -> Iterator[NativeStore]:
    settings = clickhouse.fresh_database()
    store = NativeStore(settings)
    migrate(settings, store)
    yield store
    store.close()
    clickhouse.drop(settings)


@pytest.mark.clickhouse
@pytest.mark.parametrize("order", [(HttpBulkStore, NativeBulkStore), (NativeBulkStore, HttpBulkStore)])
def test_a_token_means_the_same_both_ways(
    order: tuple[Callable[[ClickHouseSettings], Bulk], ...], store: NativeStore
) -> None:
    database = store._settings.database
    for kind in (*order, *order):
        way = kind(store._settings)
        way.post(f"{database}.metrics_in", container(), "D:one")
        way.close()
    counts = store.rows(f"SELECT (SELECT count() FROM {database}.samples), (SELECT count() FROM {database}.batches)")
    assert counts == [(15, 5)], "without FINAL: nothing was added"


@pytest.mark.clickhouse
def test_what_both_ways_store_is_the_same(store: NativeStore) -> None:
    database = store._settings.database
    found = []
    for kind in (HttpBulkStore, NativeBulkStore):
        way = kind(store._settings)
        way.post(f"{database}.metrics_in", container())
        way.close()
        samples = store.rows(f"SELECT * FROM {database}.samples ORDER BY ALL")
        found.append(samples + store.rows(f"SELECT * EXCEPT inserted_at FROM {database}.batches ORDER BY ALL"))
        for table in ("samples", "batches"):
            store.rows(f"TRUNCATE TABLE {database}.{table}")
    assert len(found[0]) == 20
    assert found[0] == found[1]


@pytest.mark.clickhouse
def test_bad_bytes_are_the_datas_fault_and_a_closed_port_is_not(clickhouse: Engine) -> None:
    settings = clickhouse.fresh_database()
    way = NativeBulkStore(settings)
    with pytest.raises(StoreRefusedError) as refused:
        way.post(f"{settings.database}.metrics_in", container()[:-40])
    assert refused.value.is_caused_by_data
    with pytest.raises(StoreUnreachableError):
        ChosenBulkStore(ClickHouseSettings(port=1, http_port=1)).post("t", container())
    way.close()
    clickhouse.drop(settings)


@pytest.mark.clickhouse
@pytest.mark.parametrize(("insert", "works"), [("auto", True), ("native", True), ("http", False)])
def test_the_way_can_be_set(insert: Literal["auto", "http", "native"], works: bool, clickhouse: Engine) -> None:
    settings = replace(clickhouse.fresh_database(), http_port=free_ports(1)[0], insert=insert)
    way = ChosenBulkStore(settings)
    with clickhouse.client(settings) as client:
        client.execute("CREATE TABLE t (topic_id String) ENGINE = Null")
    expected = StoreRefusedError if works else StoreUnreachableError  # the table lacks columns, which somebody answers
    with pytest.raises(expected):
        way.post(f"{settings.database}.t", container())
    way.close()
    clickhouse.drop(settings)
