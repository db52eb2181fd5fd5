"""Which partition is tried when, and who hears of what fails."""

import pytest
from pulsemon_schemas.errors import TransientError
from pulsemon_sinks.clickhouse.errors import StoreRefusedError, StoreUnreachableError
from pulsemon_sinks.tries import Tries
from pulsemon_sinks.troubles import Troubles

AWAY = StoreUnreachableError("away", 0.0)
REFUSED = StoreRefusedError(395, "no")
LATER = TransientError("later", 0.0)


class Partitions:
    """Fails as told, and remembers who was tried."""

    def __init__(self) -> None:
        self.errors: dict[int, Exception] = {}
        self.tried: list[int] = []
        self.tries = Tries("topic", Troubles())

    def run(self) -> list[int]:
        self.tried = []
        self.tries.run(range(3), self._one)
        return self.tried

    def _one(self, partition: int) -> None:
        self.tried.append(partition)
        if (error := self.errors.get(partition)) is not None:
            raise error


def test_one_that_is_refused_stops_no_other_and_waits() -> None:
    partitions = Partitions()
    partitions.errors[0] = REFUSED
    assert partitions.run() == [0, 1, 2]
    assert partitions.run() == [1, 2]
    assert partitions.tries.is_paused(0)


def test_one_that_may_be_tried_again_comes_last() -> None:
    partitions = Partitions()
    partitions.errors[0] = LATER
    partitions.run()
    assert partitions.run() == [1, 2, 0]
    del partitions.errors[0]
    partitions.run()
    assert partitions.run() == [0, 1, 2]


def test_a_store_that_is_away_ends_the_round_and_the_next_begins_with_the_others() -> None:
    partitions = Partitions()
    partitions.errors[0] = AWAY
    with pytest.raises(StoreUnreachableError):
        partitions.run()
    assert partitions.tried == [0]
    assert partitions.run() == [1, 2, 0], "not raised: some were stored"


def test_a_missing_schema_is_everybodys() -> None:
    partitions = Partitions()
    partitions.errors[1] = StoreRefusedError(60, "no such table")
    with pytest.raises(StoreRefusedError):
        partitions.run()
