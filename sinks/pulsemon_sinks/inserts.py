"""Storing the records of one block, and finding those that the store refuses."""

from collections.abc import Mapping, Sequence

from pulsemon_schemas.records import LogRecord

from pulsemon_sinks.buffer import Fault
from pulsemon_sinks.clickhouse.bulk import BulkStore
from pulsemon_sinks.clickhouse.errors import StoreRefusedError
from pulsemon_sinks.containers import Container, Places
from pulsemon_sinks.landings import Landing

REFUSED = "refused"
DETAIL_CHARACTERS = 300


class Inserter:
    """The way of one landing's records into its tables.

    ``canary`` is a record that the store is known to take: it tells bad data from a store that refuses everything.
    """

    def __init__(
        self, bulk: BulkStore, database: str, landing: Landing, containers: Mapping[int, Container], canary: LogRecord
    ) -> None:
        self._bulk = bulk
        self._table = f"{database}.{landing.table}"
        self._probe = f"{database}.{landing.probe}"
        self._containers = containers
        self._canary = canary

    def store(self, records: Sequence[LogRecord], places: Places, token: str) -> None:
        """One container and one token a schema id; returning means all are stored. Errors as BulkStore.post.

        The caller repeats the same records with the same token until this returns.
        """
        for schema_id, group in sorted(_by_schema(records).items()):
            self._bulk.post(self._table, self._body(schema_id, group, places), f"{token}:{schema_id}")

    def find_refused(self, records: Sequence[LogRecord], places: Places) -> dict[int, Fault]:
        """The records that the store refuses one by one, by offset; nothing is stored.

        Only records proven bad are in the answer: each fails alone, while the canary passes. Raises as BulkStore.post
        if the store fails for any other cause; the caller tries again later.
        """
        refused: dict[int, Fault] = {}
        for schema_id, group in _by_schema(records).items():
            self._bisect(schema_id, group, places, refused)
        if refused:
            self._bulk.post(self._probe, self._body(schema_id_of(self._canary), [self._canary], places))
        return refused

    def _bisect(self, schema_id: int, group: Sequence[LogRecord], places: Places, refused: dict[int, Fault]) -> None:
        try:
            self._bulk.post(self._probe, self._body(schema_id, group, places))
        except StoreRefusedError as error:
            if not error.is_caused_by_data:
                raise
            if len(group) == 1:
                refused[group[0].offset] = Fault(REFUSED, str(error)[:DETAIL_CHARACTERS])
                return
            middle = len(group) // 2
            self._bisect(schema_id, group[:middle], places, refused)
            self._bisect(schema_id, group[middle:], places, refused)

    def _body(self, schema_id: int, group: Sequence[LogRecord], places: Places) -> bytes:
        encode = places.encode
        return self._containers[schema_id].build([(encode(one.offset, one.append_time_ms), one.value) for one in group])


def schema_id_of(record: LogRecord) -> int:
    """The schema id in the framing of a record whose framing is known to be right."""
    return int.from_bytes(record.value[1:5], "big")


def _by_schema(records: Sequence[LogRecord]) -> dict[int, list[LogRecord]]:
    groups: dict[int, list[LogRecord]] = {}
    for record in records:
        groups.setdefault(schema_id_of(record), []).append(record)
    return groups
