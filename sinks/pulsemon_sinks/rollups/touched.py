"""Which hours have to be looked at: those that blocks of the ledger touch, and those that somebody asked for."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pulsemon_sinks.clickhouse.connection import Store
from pulsemon_sinks.rollups.spans import WINDOWS_AN_HOUR, Horizon

REQUEST = "request"
DAYS = "days"
HOURS = "hours"
# Not token-protected: the largest value stays, so that repeating a row changes nothing.
_PLAIN = {"async_insert": 0}

Cursor = tuple[str, str, int, int]
"""topic, its id, partition, and the first offset that is still to be looked at."""


@dataclass(frozen=True, slots=True)
class Touched:
    """Hours since 1970, and the cursors to write once they are made."""

    hours: frozenset[int]
    cursors: tuple[Cursor, ...]


class Cursors:
    """What was looked at. All methods raise as Store."""

    def __init__(self, store: Store, database: str, metrics_topic: str) -> None:
        self._store = store
        self._database = database
        self._topic = metrics_topic

    def touched(self, horizon: Horizon) -> Touched:
        """What blocks and requests touch that were not looked at yet."""
        hours: set[int] = set()
        cursors: list[Cursor] = []
        for topic_id, partition, done_before, found in self._blocks(horizon):
            hours.update(found)
            cursors.append((self._topic, topic_id, partition, done_before))
        for request_id, found in self._requests():
            hours.update(found)
            if max(found, default=0) < horizon.running_hour:
                cursors.append((REQUEST, request_id, 0, 1))
        return Touched(frozenset(hours), tuple(cursors))

    def open_requests(self) -> frozenset[str]:
        """The ids of requests that are not done."""
        return frozenset(request_id for request_id, _ in self._requests())

    def days_done_before(self) -> int:
        """The first day that was never looked at; 0 in a new store."""
        sql = f"SELECT max(done_before) FROM {self._database}.rollup_cursors WHERE topic = %(topic)s"
        return int(self._store.rows(sql, {"topic": DAYS})[0][0])

    def advance(self, cursors: Iterable[Cursor]) -> None:
        """Notes what was done."""
        sql = f"INSERT INTO {self._database}.rollup_cursors (topic, topic_id, partition, done_before) VALUES"
        self._store.insert(sql, list(cursors), _PLAIN)

    def _blocks(self, horizon: Horizon) -> list[tuple[Any, ...]]:
        """Rows of (topic id, partition, first offset that stays to be looked at, hours).

        A partition's newest block stays, as it may be unfinished, and so does all from the first one on that touches an
        hour which is not over. No clock of a sink is in it, and no order in which views were fed.
        """
        known = self._store.rows(
            f"SELECT topic_id, partition, max(done_before) FROM {self._database}.rollup_cursors "
            "WHERE topic = %(topic)s GROUP BY topic_id, partition",
            {"topic": self._topic},
        )
        parameters: dict[str, Any] = {"topic": self._topic, "running": horizon.running_hour * WINDOWS_AN_HOUR}
        arms = []
        for number, (topic_id, partition, done_before) in enumerate(known):
            parameters[f"id{number}"] = topic_id
            arms.append(
                f"(topic_id = %(id{number})s AND partition = {partition:d} AND first_offset >= {done_before:d})"
            )
        if known:
            parameters["known"] = [(topic_id, partition) for topic_id, partition, _ in known]
            arms.append("(topic_id, partition) NOT IN %(known)s")
        return self._store.rows(
            f"""
SELECT topic_id, partition, least(max(first_offset), min(if(arrayMax(windows) >= %(running)s, first_offset, {2**62}))),
  groupUniqArrayArray(arrayMap(w -> intDiv(w, {WINDOWS_AN_HOUR}), windows))
FROM {self._database}.sink_ledger WHERE topic = %(topic)s AND ({" OR ".join(arms) or "1"})
GROUP BY topic_id, partition
""",
            parameters,
        )

    def _requests(self) -> list[tuple[Any, ...]]:
        return self._store.rows(
            f"SELECT id, hours FROM {self._database}.rollup_requests WHERE id NOT IN "
            f"(SELECT topic_id FROM {self._database}.rollup_cursors WHERE topic = %(topic)s)",
            {"topic": REQUEST},
        )


def request(store: Store, database: str, request_id: str, hours: Iterable[int]) -> None:
    """Asks for rollups of hours (since 1970) whose samples are stored and did not come by the log. Errors as Store.

    An id that was done once is not done again.
    """
    sql = f"INSERT INTO {database}.rollup_requests (id, hours) VALUES"
    store.insert(sql, [(request_id, sorted(set(hours)))], _PLAIN)
