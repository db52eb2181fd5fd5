"""Log records, counted: how often a service warns and fails."""

import logging

from pulsemon_producers.client.client import Client
from pulsemon_producers.client.counter import Counter

RECORDS = "log.records"
OWN_LOGGERS = ("pulsemon", "pulsemon_producers", "pulsemon_schemas", "confluent_kafka")
"""What these say never counts: a client that logs what it could not send must not have more to send for it."""
LEVELS = (
    (logging.CRITICAL, "critical"),
    (logging.ERROR, "error"),
    (logging.WARNING, "warning"),
    (logging.INFO, "info"),
    (logging.DEBUG, "debug"),
)
LOWEST = "trace"
OTHER = "other"


class CountingHandler(logging.Handler):
    """Counts log records in ``log.records``, by ``level`` and ``logger``; reads no message, and writes nothing.

    ``logger`` is the first ``depth`` parts of the logger's name, so ``shop.db.pool`` counts as ``shop.db``; after
    ``max_loggers`` of them the others count as ``other``. Levels of a program's own count as the next lower one of
    Python's. What the library itself logs is left out. Never raises.

    >>> from pulsemon.testing import MemoryClient
    >>> client = MemoryClient()
    >>> log = logging.getLogger("shop.db.pool")
    >>> log.addHandler(CountingHandler(client))
    >>> log.error("the pool is empty")
    >>> client.value("log.records", level="error", logger="shop.db")
    1.0
    """

    def __init__(self, client: Client, level: int = logging.NOTSET, *, depth: int = 2, max_loggers: int = 50) -> None:
        super().__init__(level)
        self._client = client
        self._depth = depth
        self._max_loggers = max_loggers
        self._names: dict[str, str] = {}
        self._counters: dict[tuple[str, str], Counter] = {}

    def handle(self, record: logging.LogRecord) -> bool:
        """Counts without the lock of handlers: a counter needs none, and a thread that holds it may be forked away."""
        if self.filter(record):
            self.emit(record)
        return True

    def emit(self, record: logging.LogRecord) -> None:
        """Counts the record."""
        try:
            name = record.name
            if name.partition(".")[0] not in OWN_LOGGERS:
                self._counter(level_of(record.levelno), self._short(name)).add()
        except Exception:  # noqa: BLE001, S110 - saying so would be the next record
            pass

    def _short(self, name: str) -> str:
        found = self._names.get(name)
        if found is None:
            found = ".".join(name.split(".")[: self._depth])
            known = set(self._names.values())
            if found not in known and len(known) >= self._max_loggers:
                return OTHER
            if len(self._names) < self._max_loggers * 20:
                self._names[name] = found
        return found

    def _counter(self, level: str, logger: str) -> Counter:
        found = self._counters.get((level, logger))
        if found is None:
            found = self._counters[level, logger] = self._client.counter(RECORDS, level=level, logger=logger)
        return found


def level_of(number: int) -> str:
    """The name of Python's level at or below a number.

    >>> level_of(logging.WARNING), level_of(25), level_of(5)
    ('warning', 'info', 'trace')
    """
    return next((name for limit, name in LEVELS if number >= limit), LOWEST)
