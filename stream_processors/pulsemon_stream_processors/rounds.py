"""When which partition writes its state: one after the other, spread over the interval."""

from collections.abc import Iterable


class Rounds:
    """The turns of the partitions. ``now_seconds`` is of a monotonic clock.

    A partition keeps its turn through rebalances in which it stays ours, however many there are.
    """

    def __init__(self, interval_seconds: float, partition_count: int) -> None:
        self._interval_seconds = interval_seconds
        self._partition_count = partition_count
        self._turns: dict[int, float] = {}

    def due(self, partitions: Iterable[int], now_seconds: float) -> list[int]:
        """The partitions whose turn it is, the longest waiting first; of those that are ours now."""
        self._turns = {one: self._turns.get(one, self._first(one, now_seconds)) for one in partitions}
        return sorted((one for one, at in self._turns.items() if at <= now_seconds), key=self._turns.__getitem__)

    def done(self, partition: int, now_seconds: float) -> None:
        """The partition has had its turn."""
        self._turns[partition] = now_seconds + self._interval_seconds

    def _first(self, partition: int, now_seconds: float) -> float:
        return now_seconds + self._interval_seconds * (partition + 1) / self._partition_count
