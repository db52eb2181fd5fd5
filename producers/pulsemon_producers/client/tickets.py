"""Those who wait until everything is sent."""

import time
from collections import deque

from pulsemon_producers.client.natives import Bell

GRACE_SECONDS = 0.5
"""The thread that sends says at the deadline what it could not send; who waits lets it do so."""


class Ticket:
    """One wait. Made by any thread, ended by the one that sends. ``is_lost``: samples were refused meanwhile."""

    __slots__ = ("_done", "deadline", "has_arrived", "is_last", "is_lost")

    def __init__(self, timeout_seconds: float, is_last: bool) -> None:
        self._done = Bell()
        self.deadline = time.monotonic() + timeout_seconds
        self.is_last = is_last
        self.has_arrived = False
        self.is_lost = False

    def wait(self) -> bool:
        """True if everything has arrived before the deadline."""
        self._done.wait(self.deadline + GRACE_SECONDS - time.monotonic())
        return self.has_arrived

    def end(self) -> None:
        """Lets the one who waits go on; ``has_arrived`` is set before."""
        self._done.ring()


class Desk:
    """Where tickets are handed in. Appending is safe from any thread and from a signal handler."""

    def __init__(self) -> None:
        self.bell = Bell()
        self._new: deque[Ticket] = deque()

    def hand_in(self, ticket: Ticket) -> None:
        """Wakes the thread that sends."""
        self._new.append(ticket)
        self.bell.ring()

    def take_new(self) -> list[Ticket]:
        """Those handed in since the last call. For the thread that sends."""
        return [self._new.popleft() for _ in range(len(self._new))]
