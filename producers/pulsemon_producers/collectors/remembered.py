"""Facts that rarely change, such as the limits of a container: looked up once a minute and not at each tick."""

from collections.abc import Callable
from typing import Generic, TypeVar

from pulsemon_producers.collectors.base import Tick, begins_interval

INTERVAL_MS = 60_000

Fact = TypeVar("Fact")


class Remembered(Generic[Fact]):
    """What ``look_up`` last returned. Called from one thread."""

    def __init__(self, look_up: Callable[[], Fact]) -> None:
        self._look_up = look_up
        self._known: tuple[int, str, Fact] | None = None

    def at(self, tick: Tick) -> Fact:
        """The fact, at most a minute old, and of this boot. Raises what ``look_up`` raises."""
        known = self._known
        if known is None or known[1] != tick.boot_id or begins_interval(known[0], tick.recorded_at_ms, INTERVAL_MS):
            known = self._known = tick.recorded_at_ms, tick.boot_id, self._look_up()
        return known[2]
