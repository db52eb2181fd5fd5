"""Trying partitions one after the other, so that one that fails neither stops nor starves the others."""

import time
from collections.abc import Callable, Iterable

from pulsemon_schemas.errors import TransientError

from pulsemon_sinks.clickhouse.errors import StoreRefusedError, StoreUnreachableError
from pulsemon_sinks.pause import Pause
from pulsemon_sinks.troubles import Trouble, Troubles

REFUSED_PAUSE_SECONDS = 0.2


class Tries:
    """What became of the last try of each partition of a topic; each has a pause of its own."""

    def __init__(self, topic: str, troubles: Troubles) -> None:
        self._topic = topic
        self._troubles = troubles
        self._pauses: dict[int, Pause] = {}

    def run(self, partitions: Iterable[int], activity: Callable[[int], None]) -> None:
        """Tries those that are not paused; the ones that failed last come last.

        A store that does not answer ends the round, because the next partition would only wait for it too; that is
        raised if no partition succeeded before. Raised at once: a missing schema, and what is not about one partition.
        """
        has_succeeded = False
        for partition in self._in_order(partitions):
            try:
                activity(partition)
            except StoreUnreachableError as error:
                self._fail(partition, error, error.retry_after_seconds)
                if has_succeeded:
                    return
                raise
            except TransientError as error:
                self._fail(partition, error, error.retry_after_seconds)
            except StoreRefusedError as error:
                if error.is_missing_schema:
                    raise
                self._fail(partition, error, REFUSED_PAUSE_SECONDS)
            else:
                has_succeeded = True
                self.forget(partition)

    def is_paused(self, partition: int) -> bool:
        """Whether the partition failed, and waits."""
        pause = self._pauses.get(partition)
        return pause is not None and not pause.is_over(time.monotonic())

    def forget(self, partition: int) -> None:
        """It succeeded, or is not ours any more."""
        if self._pauses.pop(partition, None) is not None:
            self._troubles.end(self._name(partition))

    def forget_all(self) -> None:
        """As ``forget`` of each."""
        for partition in list(self._pauses):
            self.forget(partition)

    def _in_order(self, partitions: Iterable[int]) -> list[int]:
        able = [one for one in partitions if not self.is_paused(one)]
        return sorted(able, key=lambda one: (one in self._pauses, one))

    def _fail(self, partition: int, error: Trouble, least_seconds: float) -> None:
        self._troubles.begin(self._name(partition), error)
        self._pauses.setdefault(partition, Pause()).extend(time.monotonic(), least_seconds)

    def _name(self, partition: int) -> str:
        return f"{self._topic}:{partition}"
