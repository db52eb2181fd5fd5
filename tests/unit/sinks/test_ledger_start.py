"""Where a partition goes on, as a table of cases."""

import pytest
from pulsemon_sinks.ledger import LOST, Block, Start, start


@pytest.mark.parametrize(
    ("newest", "log_start", "expected"),
    [
        pytest.param(None, 0, Start(0, is_opening=True), id="a new log begins at its first record"),
        pytest.param(None, 40, Start(40, is_opening=True), id="a log that lost records before we ever came"),
        pytest.param(Block(0, 9), 0, Start(0, Block(0, 9)), id="the newest block is replayed"),
        pytest.param(Block(10, 19), 15, Start(10, Block(10, 19)), id="what is left of it is replayed"),
        pytest.param(Block(10, 19), 19, Start(10, Block(10, 19)), id="one record is left of it"),
        pytest.param(Block(10, 19), 20, Start(20), id="the log begins right after it"),
        pytest.param(Block(10, 19), 25, Start(20, lost=Block(20, 24, LOST)), id="retention passed the next block by"),
        pytest.param(Block(20, 24, LOST), 25, Start(25), id="a lost range is never replayed"),
        pytest.param(Block(20, 24, LOST), 22, Start(25), id="nor if the log seems to have it"),
        pytest.param(Block(20, 24, LOST), 30, Start(25, lost=Block(25, 29, LOST)), id="lost again"),
    ],
)
def test_start(newest: Block | None, log_start: int, expected: Start) -> None:
    assert start(newest, log_start) == expected
