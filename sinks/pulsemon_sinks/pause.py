"""Waiting before the next try: longer after each failure, up to a limit, and none after a success."""

LONGEST_SECONDS = 5.0


class Pause:
    """The pause of one activity; times are of a monotonic clock in seconds."""

    def __init__(self, longest_seconds: float = LONGEST_SECONDS) -> None:
        self._longest_seconds = longest_seconds
        self._seconds = 0.0
        self._until = 0.0

    def is_over(self, now: float) -> bool:
        """Whether the next try may begin."""
        return now >= self._until

    def extend(self, now: float, least_seconds: float) -> None:
        """After a failure: twice the last pause, but at least ``least_seconds``."""
        self._seconds = min(max(least_seconds, self._seconds * 2), self._longest_seconds)
        self._until = now + self._seconds

    def end(self) -> None:
        """After a success."""
        self._seconds = self._until = 0.0
