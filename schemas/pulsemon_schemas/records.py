"""The records of the topics, as values. Times are milliseconds since 1970 UTC; Avro's names lack the ``_ms``."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple


class LogRecord(NamedTuple):
    """A record at its place in the log. A tuple, not a dataclass: one is made for each record that is read.

    A key or a value that is missing is empty bytes; ``lacks_key`` and ``lacks_value`` tell it from one that is empty.
    """

    topic: str
    partition: int
    offset: int
    append_time_ms: int
    key: bytes
    value: bytes
    lacks_key: bool = False
    lacks_value: bool = False

    @property
    def raw(self) -> tuple[bytes | None, bytes | None]:
        """Key and value as they came."""
        return None if self.lacks_key else self.key, None if self.lacks_value else self.value


@dataclass(frozen=True, slots=True)
class MetricBatch:
    """The samples of one producer and one tick; names, labels and values have one length and are sorted together."""

    server_id: str
    source: str
    producer_id: str
    sequence: int
    previous_producer_id: str
    previous_sequence: int
    recorded_at_ms: int
    sent_at_ms: int
    names: tuple[str, ...]
    labels: tuple[str, ...]
    values: tuple[float, ...]
    dropped: Mapping[str, int] = field(default_factory=dict)
    signature: str = ""


@dataclass(frozen=True, slots=True)
class ControlRecord:
    """One change of the configuration. ``body`` is a JSON object for a put, "" otherwise."""

    entity_type: str
    entity_id: str
    operation: str
    expected_version: int
    change_id: str
    author: str
    on_behalf_of: str
    reason: str
    body: str


@dataclass(frozen=True, slots=True)
class AlertEvent:
    """One transition of one alert with what led to it; fields as in ``avro/alert_event.v1.avsc``."""

    event_id: str
    alert_id: str
    transition: int
    server_id: str
    rule_id: str
    rule_version: int
    rule_author: str
    metric: str
    labels: str
    previous_state: str
    state: str
    previous_level: str
    level: str
    reason: str
    actor: str
    started_at_ms: int
    occurred_at_ms: int
    late: bool
    value: float | None
    limit: float | None
    calm_value: float | None
    window_function: str
    window_seconds: float
    sample_count: int
    topic_id: str
    partition: int
    first_offset: int
    last_offset: int
    control_offset: int
    suppressed_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ServerState:
    """What the processor thinks of one server; fields as in ``avro/server_state.v1.avsc``."""

    server_id: str
    status: str
    previous_status: str
    changed_at_ms: int
    last_seen_at_ms: int
    worst_level: str
    firing: Mapping[str, int]
    topic_id: str
    partition: int
    offset: int
    control_offset: int


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened at one moment; fields as in ``avro/event.v1.avsc``."""

    event_id: str
    server_id: str
    source: str
    kind: str
    text: str
    labels: str
    author: str
    occurred_at_ms: int


Record = MetricBatch | ControlRecord | AlertEvent | ServerState | Event
