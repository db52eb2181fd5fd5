"""Makes the rollups of one hour or one day anew, of those servers that have more samples than were counted."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from pulsemon_sinks.clickhouse.connection import Store
from pulsemon_sinks.rollups import statements
from pulsemon_sinks.rollups.spans import DAY_SECONDS, HOUR_SECONDS
from pulsemon_sinks.rollups.statements import DAYS, HOURS, MINUTES, Tier

SLICE_SAMPLES = 4_000_000
"""About two seconds of the engine's work and 100 MB of its memory; a name is never cut."""
NAMED_SERVERS = 1000
"""More servers than these are not named in a statement: then all are made anew."""

Step = Callable[[], None]


class Maker:
    """Over one store. ``step`` is called before each statement that takes time; what it raises ends the work.

    Any cut leaves whole rows behind, and a span that is not done still has servers with more samples than counted: the
    hour is written last for the hours, so that its counts stand for the minutes too.
    """

    def __init__(self, store: Store, database: str, step: Step) -> None:
        self._store = store
        self._database = database
        self._step = step

    def hour(self, hour: int) -> int:
        """Minutes and hour. Returns how many raw samples were read for each; errors as Store."""
        span = _span(hour, HOUR_SECONDS)
        return self._make(span, self._stale(statements.stale_hours, span), (MINUTES, HOURS))

    def day(self, day: int) -> int:
        """The day, as ``hour``."""
        span = _span(day, DAY_SECONDS)
        return self._make(span, self._stale(statements.stale_days, span), (DAYS,))

    def _stale(self, question: Callable[[str], str], span: dict[str, Any]) -> list[str]:
        self._step()
        return [row[0] for row in self._store.rows(question(self._database), span)]

    def _make(self, span: dict[str, Any], servers: Sequence[str], tiers: Sequence[Tier]) -> int:
        if not servers:
            return 0
        of_servers = len(servers) <= NAMED_SERVERS
        parameters = {**span, "servers": servers} if of_servers else span
        counts = self._store.rows(statements.names(self._database, of_servers=of_servers), parameters)
        for first, last in slices(counts):
            for tier in tiers:
                self._step()
                sql = statements.make(self._database, tier, of_servers=of_servers)
                self._store.rows(sql, {**parameters, "first": first, "last": last})
        return sum(count for _, count in counts)


def slices(counts: Iterable[tuple[str, int]], limit: int = SLICE_SAMPLES) -> Iterator[tuple[str, str]]:
    """The first and the last name of groups of neighbours that have at most ``limit`` samples together, or one name."""
    first = last = ""
    size = 0
    for name, count in counts:
        if size and size + count > limit:
            yield first, last
            size = 0
        first = name if not size else first
        last, size = name, size + count
    if size:
        yield first, last


def _span(number: int, seconds: int) -> dict[str, Any]:
    return {"start": number * seconds, "end": (number + 1) * seconds}
