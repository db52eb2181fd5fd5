"""How far the stored control log reaches, in the newest life of the log.

Where Kafka lost the tail of the log, its records are other ones: then a new life begins, which has the whole log anew
under the topic's id with /1, /2 … behind it. Its records are few, and a verdict depends on all before it.
"""

from dataclasses import dataclass, replace

from pulsemon_sinks.clickhouse.connection import Store
from pulsemon_sinks.ledger import LIFE_MARK, LogId


@dataclass(frozen=True, slots=True)
class Mark:
    """The newest record that is stored. Another one at its offset was written at another time."""

    offset: int
    append_time_ms: int


@dataclass(frozen=True, slots=True)
class Reach:
    """The newest life that the store knows, and how far it reaches in it; None if nothing of the log is stored."""

    log: LogId
    mark: Mark | None


def reach(store: Store, table: str, first_life: LogId) -> Reach:
    """What the store has of a log. Errors as Store."""
    rows = store.rows(
        "SELECT topic_id, max(offset), toUnixTimestamp64Milli(argMax(append_time, offset)) "
        f"FROM {table} WHERE topic_id = %(topic_id)s OR startsWith(topic_id, %(life)s) GROUP BY topic_id",
        {"topic_id": first_life.topic_id, "life": f"{first_life.topic_id}{LIFE_MARK}"},
    )
    found = {_life(name): Mark(offset, append_time_ms) for name, offset, append_time_ms in rows}
    newest = max(found, default=0)
    return Reach(replace(first_life, life=newest), found.get(newest))


def _life(name: str) -> int:
    return int(name.partition(LIFE_MARK)[2] or 0)
