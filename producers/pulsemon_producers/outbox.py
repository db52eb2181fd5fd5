"""What waits for the broker: a bounded queue in memory that lets the oldest go when it is full."""

import threading
from collections import deque
from dataclasses import dataclass

from pulsemon_producers.drafts import Draft
from pulsemon_producers.tally import Tally

QUEUE_FULL = "queue_full"


@dataclass(frozen=True, slots=True)
class Fill:
    """How much waits. ``oldest_ms`` is the recorded_at of the oldest draft, None if nothing waits."""

    samples: int
    size_bytes: int
    oldest_ms: int | None


class Outbox:
    """Drafts in the order of their ticks. ``put`` by the collecting thread, ``take`` by the sending one.

    What is taken counts as waiting until ``done``, but is never dropped: it has its place in the sequence by then.
    """

    def __init__(self, max_samples: int, tally: Tally) -> None:
        self._max_samples = max_samples
        self._tally = tally
        self._waiting: deque[Draft] = deque()
        self._taken: Draft | None = None
        self._samples = 0
        self._changed = threading.Condition()
        self._is_closed = False

    def put(self, draft: Draft) -> None:
        """Never blocks. Drops the oldest while there is no room; what alone is too much is dropped itself."""
        with self._changed:
            if len(draft) > self._max_samples:
                self._tally.drop(QUEUE_FULL, len(draft))
                return
            while self._waiting and self._samples + len(draft) > self._max_samples:
                oldest = self._waiting.popleft()
                self._samples -= len(oldest)
                self._tally.drop(QUEUE_FULL, len(oldest))
            self._waiting.append(draft)
            self._samples += len(draft)
            self._changed.notify_all()

    def take(self) -> Draft | None:
        """Waits for the next draft; None once the outbox is closed and empty. ``done`` comes before the next call."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._is_closed)
            if not self._waiting:
                return None
            self._taken = self._waiting.popleft()
            self._samples -= len(self._taken)
            return self._taken

    def done(self) -> None:
        """What was taken last need not be kept any longer."""
        with self._changed:
            self._taken = None

    def close(self) -> None:
        """Nothing more comes: ``take`` empties it and then returns None."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    def fill(self) -> Fill:
        """How much waits now."""
        with self._changed:
            drafts = [*([self._taken] if self._taken else []), *self._waiting]
        oldest_ms = drafts[0].recorded_at_ms if drafts else None
        return Fill(sum(map(len, drafts)), sum(draft.size_bytes for draft in drafts), oldest_ms)
