"""A reader has patience as long as something comes."""

from itertools import count
from typing import Any, cast

import pytest
from confluent_kafka import Consumer
from pulsemon_deploy.log_reading import read_range
from pulsemon_schemas.errors import TransientError


class Record:
    def __init__(self, offset: int) -> None:
        self._offset = offset

    def offset(self) -> int:
        return self._offset

    def error(self) -> None:
        return None


class Slow:
    """Answers with what is left of a script: an offset, or nothing."""

    def __init__(self, *script: int | None) -> None:
        self._script = list(script)

    def consume(self, *_: Any) -> list[Record]:
        offset = self._script.pop(0) if self._script else None
        return [] if offset is None else [Record(offset)]


def offsets(slow: Slow, end: int) -> list[int | None]:
    """One second passes at each look at the clock."""
    seconds = count()
    messages = read_range(
        cast("Consumer", slow), "t", 0, end, 10, silence_seconds=4, clock=lambda: float(next(seconds))
    )
    return [message.offset() for message in messages]


def test_a_slow_broker_is_waited_for_as_long_as_something_comes() -> None:
    assert offsets(Slow(None, None, None, 0, None, None, None, 1, None, 2), 3) == [0, 1, 2]


def test_a_broker_that_falls_silent_is_given_up_with_what_to_do() -> None:
    with pytest.raises(TransientError, match=r"t was read up to offset 2 of 3, then nothing came for 4 s.*status"):
        offsets(Slow(0, 1), 3)
