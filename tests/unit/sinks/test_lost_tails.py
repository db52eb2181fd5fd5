"""Where a log was cut, and where storing begins again."""

from collections.abc import Sequence

import pytest
from pulsemon_sinks.leader_epochs import EpochAt, first_after
from pulsemon_sinks.ledger import LOST, TRUNCATED, Block, LogId, token_of
from pulsemon_sinks.lives import first_of_life, is_cut

Records = Sequence[tuple[int, int]]
"""(offset, leader epoch) of each record; a log may have gaps."""


@pytest.mark.parametrize(
    ("records", "log_range", "expected"),
    [
        pytest.param([(n, 3) for n in range(6)] + [(n, 5) for n in range(6, 30)], (0, 30), 6, id="written on"),
        pytest.param([(n, 3) for n in range(6)], (0, 6), 6, id="nothing written since"),
        pytest.param([(n, 4) for n in range(6)], (0, 6), 0, id="all of it was written since"),
        pytest.param([(n, 1) for n in range(5)] + [(9, 2), (12, 4)], (0, 14), 10, id="gaps; the place is before 12"),
        pytest.param([(40, 3), (41, 4)], (40, 42), 41, id="the beginning was removed"),
        pytest.param([], (7, 7), 7, id="empty"),
    ],
)
def test_the_first_offset_of_later_leaders(records: Records, log_range: tuple[int, int], expected: int) -> None:
    def at(offset: int) -> EpochAt | None:
        assert log_range[0] <= offset < log_range[1]
        return next((EpochAt(*one) for one in records if one[0] >= offset), None)

    assert first_after(3, *log_range, at) == expected


def test_a_log_is_cut_if_it_ends_before_what_was_read() -> None:
    assert not is_cut(None, 0)
    assert not is_cut(Block(0, 9), 10)
    assert is_cut(Block(0, 9), 9)


@pytest.mark.parametrize(
    ("newest", "cut", "expected"),
    [
        (Block(10, 19), 5, 5),
        (Block(10, 19), 15, 10),  # 10-14 are there still and may not be stored
        (Block(10, 19, LOST), 15, 15),
        (Block(9, 9, TRUNCATED), 4, 4),
    ],
)
def test_a_life_begins_with_all_that_may_not_be_stored(newest: Block, cut: int, expected: int) -> None:
    assert first_of_life(newest, cut) == expected


def test_tokens_tell_the_lives_of_a_log_apart() -> None:
    tokens = [token_of(LogId("t", "id", life), 3) for life in (0, 1, 2)]
    assert tokens == ["t:id:3", "t:id/1:3", "t:id/2:3"]
