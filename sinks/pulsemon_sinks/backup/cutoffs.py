"""The moment that a backup is of: per partition of each log, the last offset that the ledger named at that moment.

It comes once the rollups are copied. Rows that name their place in the log are in the backup if that place is not
beyond the cutoff. A sample names none: it is left out if the batch of its server and time is beyond. Tables of newest
values hold what was newest when they were read, since what was newest before is gone.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from pulsemon_sinks.clickhouse.connection import Store

EVERYTHING = "1"


@dataclass(frozen=True, slots=True)
class Cutoff:
    """Offsets of a partition up to ``last_offset`` are in the backup."""

    topic: str
    topic_id: str
    partition: int
    last_offset: int


@dataclass(frozen=True, slots=True)
class Place:
    """The columns that say where in its log a row was."""

    topic_id: str
    partition: str
    offset: str


_METRICS = Place("topic_id", "partition", "offset")
_ALERTS = Place("log_topic_id", "log_partition", "log_offset")
_BLOCKS = Place("topic_id", "partition", "first_offset")
PLACES = {
    "batches": _METRICS,
    "ticks": _METRICS,
    "alerts": _ALERTS,
    "alerts_shadow": _ALERTS,
    "sink_ledger": Place("topic_id", "partition", "last_offset"),
    "sink_skips": _BLOCKS,
    "sink_letters": _BLOCKS,
}
SAMPLES, BATCHES = "samples", "batches"


def read_cutoffs(store: Store, database: str) -> tuple[Cutoff, ...]:
    """What the ledger names now. Errors as Store."""
    rows = store.rows(
        "SELECT topic, topic_id, partition, max(last_offset) "
        f"FROM {database}.sink_ledger GROUP BY topic, topic_id, partition ORDER BY topic, topic_id, partition"
    )
    return tuple(Cutoff(*row) for row in rows)


def condition(table: str, database: str, cutoffs: Iterable[Cutoff], in_partition: str) -> str:
    """What rows of a table must be like to be in the backup. ``in_partition``: the same part of ``batches``."""
    known = tuple(cutoffs)
    if table == SAMPLES:
        return _of_samples(f"{database}.{BATCHES}", within(_METRICS, known), in_partition)
    place = PLACES.get(table)
    return EVERYTHING if place is None else within(place, known)


def within(place: Place, cutoffs: Iterable[Cutoff]) -> str:
    """Whether a row's place is not beyond the cutoffs, or in no log. Of a partition without a cutoff all is beyond."""
    known = [(f"{one.topic_id}:{one.partition}", one.last_offset) for one in cutoffs]
    is_of_none = f"{place.topic_id} = ''"
    if not known:
        return is_of_none
    logs = ", ".join(f"'{_quoted(log)}'" for log, _ in known)
    offsets = ", ".join(f"toInt64({offset})" for _, offset in known)
    log = f"concat(toString({place.topic_id}), ':', toString({place.partition}))"
    return f"({is_of_none} OR {place.offset} <= transform({log}, [{logs}], [{offsets}], toInt64(-1)))"


def _of_samples(batches: str, is_within: str, in_partition: str) -> str:
    """Not of a batch beyond, unless another batch of the same server and time is within."""
    later = f"SELECT server_id, recorded_at FROM {batches} WHERE {in_partition} AND NOT ({is_within})"
    also_within = (
        f"SELECT server_id, recorded_at FROM {batches} WHERE {in_partition} AND ({is_within}) "
        f"AND (server_id, recorded_at) IN ({later})"
    )
    return f"((server_id, recorded_at) NOT IN ({later}) OR (server_id, recorded_at) IN ({also_within}))"


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace("'", "\\'")
