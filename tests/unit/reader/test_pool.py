from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from pulsemon_schemas.errors import TransientError
from pulsemon_sinks.clickhouse.connection import Columns, Row
from pulsemon_sinks.reader import pool as pool_module
from pulsemon_sinks.reader.pool import Pool


class CountedStore:
    """Counts how often it is closed; asks nothing."""

    def __init__(self) -> None:
        self.closed = 0

    def rows(
        self, sql: str, parameters: Mapping[str, Any] | None = None, settings: Mapping[str, Any] | None = None
    ) -> list[Row]:
        return []

    def columns(
        self, sql: str, parameters: Mapping[str, Any] | None = None, settings: Mapping[str, Any] | None = None
    ) -> Columns:
        return Columns((), (), ())

    def insert(self, sql: str, rows: Sequence[Row], settings: Mapping[str, Any] | None = None) -> None:
        """Nothing to store into."""

    def insert_columns(
        self, sql: str, columns: Sequence[Sequence[Any]], settings: Mapping[str, Any] | None = None
    ) -> None:
        """Nothing to store into."""

    def close(self) -> None:
        self.closed += 1


@pytest.fixture
def made() -> list[CountedStore]:
    return []


@pytest.fixture
def pool(made: list[CountedStore]) -> Pool:
    def make() -> CountedStore:
        made.append(CountedStore())
        return made[-1]

    return Pool(make, size=3)


def test_one_asker_after_another_shares_one_connection(pool: Pool, made: list[CountedStore]) -> None:
    for _ in range(5):
        with pool.borrow():
            pass

    assert len(made) == 1


def test_close_ends_every_idle_connection_and_the_pool_can_be_used_again(pool: Pool, made: list[CountedStore]) -> None:
    with pool.borrow(), pool.borrow(), pool.borrow():
        pass
    pool.close()

    assert [store.closed for store in made] == [1, 1, 1]
    with pool.borrow():
        assert len(made) == 4


def test_a_pool_that_is_all_lent_out_says_so(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool_module, "BORROW_TIMEOUT_SECONDS", 0.01)

    with pool.borrow(), pool.borrow(), pool.borrow(), pytest.raises(TransientError, match="busy"), pool.borrow():
        pass


def test_a_connection_comes_back_also_after_an_error(pool: Pool, made: list[CountedStore]) -> None:
    for _ in range(4):
        with pytest.raises(ValueError, match="wrong"), pool.borrow():
            raise ValueError("wrong")

    assert len(made) == 1
