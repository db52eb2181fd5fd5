"""What the engine tells of its own state: how many parts it has to merge, and what it does not take any more."""

import logging
from collections.abc import Iterator

from pulsemon_schemas.runtime.own_metrics import Sample, sample

from pulsemon_sinks.clickhouse.connection import Store
from pulsemon_sinks.clickhouse.errors import StoreRefusedError

log = logging.getLogger(__name__)

PREFIX = "pulsemon.store"
INTERVAL_SECONDS = 60.0
EVENTS = {"DelayedInserts": "inserts.delayed", "RejectedInserts": "inserts.rejected"}


class StoreVitals:
    """Asks once a minute; what it found is told until it asks again, and nothing before it has an answer.

    A login that may not read these tables stores as well as any other: that is said once, and nothing is told.
    """

    def __init__(self, store: Store, database: str) -> None:
        self._store = store
        self._database = database
        self._asked_at_seconds: float | None = None
        self._found: dict[str, int] = {}
        self._is_refused = False

    def ask(self, now_seconds: float) -> None:
        """Asks if it is time (monotonic). Raises StoreUnreachableError: nothing is told until an answer comes."""
        if self._asked_at_seconds is not None and now_seconds - self._asked_at_seconds < INTERVAL_SECONDS:
            return
        self._found = {}
        try:
            self._found = self._answer()
        except StoreRefusedError as error:
            if not self._is_refused:
                log.warning("%s; pulsemon.store.* is not told, storing goes on. Let the sink read it.", error)
            self._is_refused = True
        self._asked_at_seconds = now_seconds

    def samples(self) -> Iterator[Sample]:
        """What was found."""
        for name, value in self._found.items():
            yield sample(f"{PREFIX}.{name}", value)

    def _answer(self) -> dict[str, int]:
        sql = (
            "SELECT max(parts) FROM (SELECT count() AS parts FROM system.parts "
            "WHERE database = %(database)s AND active GROUP BY table, partition_id)"
        )
        parts = self._store.rows(sql, {"database": self._database})[0][0]
        counted: dict[str, int] = dict(self._store.rows("SELECT event, value FROM system.events"))
        return {"parts": int(parts)} | {told: int(counted.get(event, 0)) for event, told in EVENTS.items()}
