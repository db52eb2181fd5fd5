"""Waiting for something true, with a deadline and a name: tests never sleep for a guessed time."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

POLL_SECONDS = 0.02


def wait_until(probe: Callable[[], T | None], timeout_seconds: float = 10.0, what: str = "the condition") -> T:
    """The first truthy answer of ``probe``; AssertionError with ``what`` and the last answer at the deadline."""
    deadline = time.monotonic() + timeout_seconds
    while not (answer := probe()):
        assert time.monotonic() < deadline, f"{what}: not within {timeout_seconds} s; last answer {answer!r}"
        time.sleep(POLL_SECONDS)
    return answer
