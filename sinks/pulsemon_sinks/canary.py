"""A record that a working store takes: it tells one bad record from a store that refuses everything."""

from pulsemon_schemas import codec
from pulsemon_schemas.records import LogRecord, MetricBatch

MADE_AT_MS = 1_700_000_000_000


def canary() -> LogRecord:
    """A batch without samples; it is only ever sent to a probe table."""
    batch = MetricBatch("canary", "agent", "canary", 0, "", -1, MADE_AT_MS, MADE_AT_MS, (), (), (), {})
    return LogRecord("", 0, 0, MADE_AT_MS, b"canary", codec.encode(batch))
