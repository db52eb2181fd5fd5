"""The processor's state of earlier days, as sinks have kept it."""

import json
from typing import Any

from pulsemon_schemas.state_history import StateSnapshot

from pulsemon_sinks.reader.alerts import Ask

FLEET = -1


class StoredStates:
    """See ``StateHistory``. Errors as Store."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    def before(self, topic_id: str, time_ms: int) -> StateSnapshot:
        """See ``StateHistory``. All partitions, and the fleet, of one day."""
        place = {"topic_id": topic_id, "time_ms": time_ms}
        partitions: dict[int, dict[str, Any]] = {}
        for partition, key, state in self._ask(_NEWEST, place):
            partitions.setdefault(partition, {})[key] = json.loads(state)
        fleet = partitions.pop(FLEET, {})
        return StateSnapshot(partitions, fleet)


_NEWEST = """
WITH (
  SELECT max(toDate(taken_at)) FROM {database}.state_snapshots
  WHERE topic_id = %(topic_id)s AND partition >= 0 AND taken_at < fromUnixTimestamp64Milli(toInt64(%(time_ms)s))
) AS day
SELECT partition, key, state FROM {database}.state_snapshots FINAL
WHERE topic_id = %(topic_id)s AND toDate(taken_at) = day
  AND (partition = -1 OR taken_at < fromUnixTimestamp64Milli(toInt64(%(time_ms)s)))
"""
