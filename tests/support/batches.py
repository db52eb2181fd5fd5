"""Metric batches for tests: a usual one, and what is needed around it."""

from typing import Any

from pulsemon_schemas import codec
from pulsemon_schemas.partitioner import partition_for
from pulsemon_schemas.records import LogRecord, MetricBatch
from pulsemon_schemas.topics import METRICS

NOW_MS = 1_780_000_000_000
PARTITION_COUNT = 4


def batch(**changes: Any) -> MetricBatch:
    """A small valid batch; any field may be another."""
    fields: dict[str, Any] = {
        "server_id": "web-1",
        "source": "agent",
        "producer_id": "1f0e3dad99908345",
        "sequence": 7,
        "previous_producer_id": "",
        "previous_sequence": -1,
        "recorded_at_ms": NOW_MS,
        "sent_at_ms": NOW_MS + 12,
        "names": ("system.cpu.busy", "system.filesystem.utilization", "system.filesystem.utilization"),
        "labels": ("", "mountpoint=/", "mountpoint=/home"),
        "values": (0.25, 0.5, 0.75),
    }
    return MetricBatch(**(fields | changes))


def host_batch(number: int = 0, sample_count: int = 48) -> MetricBatch:
    """A batch as a host sends it, two of five samples labelled."""
    names = tuple(sorted(f"system.group{index % 4}.metric{index:02d}" for index in range(sample_count)))
    labels = tuple("" if index % 5 < 3 else f"device=sd{index},direction=read" for index in range(sample_count))
    return batch(
        server_id=f"server-{number:06d}",
        producer_id=f"{number:016x}",
        names=names,
        labels=labels,
        values=tuple(index / 7 + number for index in range(sample_count)),
    )


def log_record(value: MetricBatch | bytes, **changes: Any) -> LogRecord:
    """A batch, or bytes under the key of the usual one, where it belongs in the metrics topic, just appended."""
    key = value.server_id.encode() if isinstance(value, MetricBatch) else b"web-1"
    fields: dict[str, Any] = {
        "topic": METRICS.name,
        "partition": partition_for(key, PARTITION_COUNT) if key else 0,
        "offset": 0,
        "append_time_ms": NOW_MS + 50,
        "key": key,
        "value": codec.encode(value) if isinstance(value, MetricBatch) else value,
    }
    return LogRecord(**(fields | changes))
