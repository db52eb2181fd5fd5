"""Connections for many threads: each question borrows one, and gives it back when it is answered."""

import queue
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from pulsemon_schemas.errors import TransientError

from pulsemon_sinks.clickhouse.connection import Store

BORROW_TIMEOUT_SECONDS = 10.0


class Pool:
    """At most ``size`` stores, made when they are first needed, the one used last lent first. Safe between threads."""

    def __init__(self, make: Callable[[], Store], size: int = 4) -> None:
        self._make = make
        self._idle: queue.LifoQueue[Store | None] = queue.LifoQueue(size)
        for _ in range(size):
            self._idle.put(None)

    @contextmanager
    def borrow(self) -> Iterator[Store]:
        """A store for the body alone; TransientError if all are busy for too long."""
        try:
            store = self._idle.get(timeout=BORROW_TIMEOUT_SECONDS)
        except queue.Empty:
            raise TransientError(
                "every connection to the store is busy; the question was not asked; ask again", 1.0
            ) from None
        try:
            store = store or self._make()
            yield store
        finally:
            self._idle.put(store)

    def close(self) -> None:
        """Ends the idle connections; the pool can be used again."""
        lent_back = [self._idle.get_nowait() for _ in range(self._idle.qsize())]
        for store in lent_back:
            if store is not None:
                store.close()
            self._idle.put(None)
