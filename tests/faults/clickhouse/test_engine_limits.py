"""The engine at its limits: a disk that is full, and memory that is not to be had. What was acknowledged is kept."""

import re
from collections.abc import Iterator

import pytest
from pulsemon_sinks.clickhouse.connection import NativeStore
from pulsemon_sinks.clickhouse.errors import StoreRefusedError
from support.clickhouse import Engine, running_engine
from support.small_disk import resize, small_disk

pytestmark = pytest.mark.clickhouse

DISK_BYTES = 64_000_000
MEMORY_BYTES = 250_000_000
BLOCK_ROWS = 100_000
MEMORY_LIMIT_EXCEEDED = 241


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """One on a small disk, with little memory."""
    folder = tmp_path_factory.mktemp("limits")
    with small_disk(folder / "disk", DISK_BYTES) as disk, running_engine(disk, memory_bytes=MEMORY_BYTES) as running:
        yield running


@pytest.fixture
def store(engine: Engine) -> Iterator[NativeStore]:
    made = NativeStore(engine.settings)
    yield made
    made.close()


def block(store: NativeStore, number: int) -> None:
    """As many bytes that no codec makes smaller as a sink sends at once."""
    store.rows(
        f"INSERT INTO full.t SELECT {number}, number, cityHash64(number, {number}) FROM numbers({BLOCK_ROWS})",
        settings={"async_insert": 0},
    )


def refused_block(store: NativeStore, number: int) -> StoreRefusedError | None:
    """The same; why it was refused, or None."""
    try:
        block(store, number)
    except StoreRefusedError as error:
        return error
    return None


def stored(store: NativeStore) -> list[tuple[int, int]]:
    return store.rows("SELECT block, count() FROM full.t GROUP BY block ORDER BY block")


def test_a_query_that_wants_too_much_memory_is_refused_and_the_engine_goes_on(
    engine: Engine, store: NativeStore
) -> None:
    greedy = "SELECT length(groupArray(toString(number))) FROM numbers(30000000)"
    with pytest.raises(StoreRefusedError) as refused:
        store.rows(greedy, settings={"max_memory_usage": 0})
    assert refused.value.code == MEMORY_LIMIT_EXCEEDED
    assert re.search(r"maximum: 238|\(total\)|total memory", refused.value.text), refused.value.text
    assert engine.is_alive
    assert store.rows("SELECT 1") == [(1,)]


def test_a_full_disk_refuses_and_keeps_what_was_acknowledged(engine: Engine, store: NativeStore) -> None:
    store.rows("CREATE DATABASE full")
    store.rows("CREATE TABLE full.t (block UInt32, n UInt64, value UInt64) ENGINE = MergeTree ORDER BY (block, n)")
    acknowledged, refusal = 0, None
    while refusal is None:
        refusal = refused_block(store, acknowledged)
        acknowledged += refusal is None
    assert refusal.is_disk_full, str(refusal)
    assert str(refusal).startswith("The disk of ClickHouse is full")
    assert acknowledged > 3
    whole = [(number, BLOCK_ROWS) for number in range(acknowledged)]
    assert stored(store) == whole, "reading goes on"

    engine.kill()
    store.close()
    engine.start()
    assert stored(store) == whole, "it starts on a full disk"
    resize(engine.engine_settings.folder.parent, 4 * DISK_BYTES)
    block(store, acknowledged)
    assert stored(store) == [*whole, (acknowledged, BLOCK_ROWS)]
    assert all(row[1] for row in store.rows("CHECK TABLE full.t"))
