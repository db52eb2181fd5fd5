"""Records that a working store takes: they tell one bad record from a store that refuses everything.

They are only ever sent to a probe table.
"""

from pulsemon_schemas import codec
from pulsemon_schemas.records import AlertEvent, LogRecord, MetricBatch, Record, ServerState

NAME = "canary"
MADE_AT_MS = 1_700_000_000_000


def canary() -> LogRecord:
    """A batch without samples."""
    return _logged(MetricBatch(NAME, "agent", NAME, 0, "", -1, MADE_AT_MS, MADE_AT_MS, (), (), (), {}))


def alert_canary() -> LogRecord:
    """A transition of an absence alert."""
    event = AlertEvent(
        event_id=NAME,
        alert_id=NAME,
        transition=0,
        server_id=NAME,
        rule_id=NAME,
        rule_version=-1,
        rule_author="",
        metric="",
        labels="",
        previous_state="",
        state="firing",
        previous_level="",
        level="info",
        reason="",
        actor="",
        started_at_ms=MADE_AT_MS,
        occurred_at_ms=MADE_AT_MS,
        late=False,
        value=None,
        limit=None,
        calm_value=None,
        window_function="",
        window_seconds=0.0,
        sample_count=0,
        topic_id="",
        partition=0,
        first_offset=0,
        last_offset=0,
        control_offset=-1,
    )
    return _logged(event)


def server_state_canary() -> LogRecord:
    """A server that was never seen."""
    return _logged(ServerState(NAME, "new", "", MADE_AT_MS, 0, "", {}, "", 0, 0, -1))


def _logged(record: Record) -> LogRecord:
    return LogRecord("", 0, 0, MADE_AT_MS, NAME.encode(), codec.encode(record))
