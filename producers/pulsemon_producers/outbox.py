"""What waits for the other side in memory alone: a bounded queue that lets the oldest go when it is full."""

import threading
from collections import deque
from itertools import islice

from pulsemon_schemas.records import MetricBatch

from pulsemon_producers.backlog import Fill
from pulsemon_producers.batches import Sealer
from pulsemon_producers.drafts import Draft
from pulsemon_producers.tally import QUEUE_FULL, Tally


class Outbox:
    """The ``Backlog`` without a disk. A draft is numbered when it is taken: what was dropped before leaves no hole."""

    def __init__(self, max_samples: int, tally: Tally, sealer: Sealer) -> None:
        self._max_samples = max_samples
        self._tally = tally
        self._sealer = sealer
        self._waiting: deque[Draft] = deque()
        self._taken: deque[tuple[Draft, MetricBatch]] = deque()
        self._samples = 0
        self._changed = threading.Condition()
        self._is_closed = False

    @property
    def keeps(self) -> bool:
        """As ``Backlog.keeps``: never."""
        return False

    def put(self, draft: Draft) -> None:
        """As ``Backlog.put``. Drops the oldest while there is no room; what alone is too much is dropped itself."""
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

    def take(self) -> MetricBatch | None:
        """As ``Backlog.take``. Waits for the state file, which has the number before anyone else."""
        with self._changed:
            self._changed.wait_for(lambda: self._taken or self._waiting or self._is_closed)
            self._number(1)
            return self._taken[0][1] if self._taken else None

    def take_more(self, count: int) -> list[MetricBatch]:
        """As ``Backlog.take_more``."""
        with self._changed:
            self._number(1 + count)
            return [batch for _, batch in islice(self._taken, 1, 1 + count)]

    def done(self) -> None:
        """As ``Backlog.done``."""
        with self._changed:
            self._taken.popleft()

    def close(self) -> None:
        """As ``Backlog.close``."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    def end(self) -> None:
        """As ``Backlog.end``: there is nothing to let go of."""

    def fill(self) -> Fill:
        """As ``Backlog.fill``."""
        with self._changed:
            drafts = [*(draft for draft, _ in self._taken), *self._waiting]
        oldest_ms = drafts[0].recorded_at_ms if drafts else None
        return Fill(sum(map(len, drafts)), sum(draft.size_bytes for draft in drafts), oldest_ms)

    def _number(self, count: int) -> None:
        """Takes so many altogether, if so many wait."""
        while self._waiting and len(self._taken) < count:
            draft = self._waiting.popleft()
            self._samples -= len(draft)
            self._taken.append((draft, self._sealer.seal(draft, 0, self._tally.take_unreported())))
