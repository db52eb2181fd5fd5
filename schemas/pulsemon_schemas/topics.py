"""Every topic, once: key, record, how long it is kept, who writes and who reads. ACLs and checks come from here."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

ROLES = frozenset({"agent", "gateway", "processor", "sink", "notifier", "simulator", "ui", "operator", "bridge"})
"""Logins with permissions of their own. The administrator, who may do all, is not among them.

``bridge`` is for programs of others that tell people of alerts: it reads alerts and recommendations, and nothing else.
"""

KIB = 1024
MIB = 1024 * KIB
MAX_RECORD_BYTES = MIB
"""The largest record of the metrics topic; one more would be refused by the broker."""
DEAD_LETTER_HEADER_BYTES = 64 * KIB


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic. ``record`` is a name of the registry, None for other bytes; ``partitions`` None is N.

    ``config`` has Kafka's names and texts; what it leaves out is the broker's own.
    """

    name: str
    key: str
    record: str | None
    partitions: int | None
    config: Mapping[str, str]
    writers: frozenset[str]
    readers: frozenset[str]


def _roles(names: str) -> frozenset[str]:
    found = frozenset(names.split())
    assert found <= ROLES, found - ROLES
    return found


def _ms(**parts: float) -> str:
    return str(round(timedelta(**parts).total_seconds() * 1000))


APPEND_TIME = {"message.timestamp.type": "LogAppendTime"}
"""Where the pipeline reads the time of a record from the log, the log's own clock must have set it."""


def _kept(**parts: float) -> dict[str, str]:
    """Records go after a time, whatever they say."""
    return {
        "cleanup.policy": "delete",
        "retention.ms": _ms(**parts),
        "segment.ms": _ms(days=1),
        "max.message.bytes": str(256 * KIB),
    }


_COMPACTED = {
    "cleanup.policy": "compact",
    "min.cleanable.dirty.ratio": "0.1",
    "segment.ms": _ms(hours=1),
    "segment.bytes": str(32 * MIB),
    "max.compaction.lag.ms": _ms(days=1),
    # tombstones stay for readers that were away
    "delete.retention.ms": _ms(days=7),
    "max.message.bytes": str(256 * KIB),
}

METRICS = Topic(
    name="pulsemon.metrics",
    key="server_id",
    record="metric_batch",
    partitions=None,
    config=APPEND_TIME
    | {
        "cleanup.policy": "delete",
        "retention.ms": _ms(hours=72),
        "segment.ms": _ms(hours=1),
        "segment.bytes": str(256 * MIB),
        "compression.type": "producer",
        "max.message.bytes": str(MAX_RECORD_BYTES),
    },
    writers=_roles("agent gateway processor simulator sink notifier ui"),
    readers=_roles("processor sink operator"),
)
CONTROL = Topic(
    name="pulsemon.control",
    key="entity_id",
    record="control_record",
    partitions=1,
    # never compacted: a version is an offset, and void records are part of the history
    config=APPEND_TIME
    | {
        "cleanup.policy": "delete",
        "retention.ms": "-1",
        "retention.bytes": "-1",
        "max.message.bytes": str(MIB),
    },
    writers=_roles("gateway operator simulator"),
    readers=_roles("gateway processor sink notifier operator simulator"),
)
ALERTS = Topic(
    name="pulsemon.alerts",
    key="server_id",
    record="alert_event",
    partitions=None,
    config=_kept(days=30),
    writers=_roles("processor"),
    readers=_roles("sink notifier gateway operator bridge"),
)
ALERTS_SHADOW = Topic(
    name="pulsemon.alerts-shadow",
    key="server_id",
    record="alert_event",
    partitions=None,
    config=_kept(days=7),
    writers=_roles("processor"),
    readers=_roles("sink operator"),
)
ALERT_STATE = Topic(
    name="pulsemon.alert-state",
    key="alert key",
    record="alert_event",
    partitions=None,
    config=_COMPACTED,
    writers=_roles("processor"),
    readers=_roles("processor sink notifier gateway operator bridge"),
)
SERVER_STATE = Topic(
    name="pulsemon.server-state",
    key="server_id",
    record="server_state",
    partitions=None,
    config=_COMPACTED,
    writers=_roles("processor"),
    readers=_roles("processor sink notifier gateway operator"),
)
FLEET_EVENTS = Topic(
    name="pulsemon.fleet-events",
    key="server_id",
    record=None,
    partitions=1,
    config=_kept(days=30),
    writers=_roles("processor"),
    readers=_roles("processor sink operator"),
)
PROCESSOR_STATE = Topic(
    name="pulsemon.processor-state",
    key="server_id",
    record=None,
    partitions=None,
    # a snapshot that a restore is reading must not be compacted away under it; one of a server with many series is long
    config=_COMPACTED | {"min.compaction.lag.ms": _ms(minutes=10), "max.message.bytes": str(MIB)},
    writers=_roles("processor"),
    readers=_roles("processor sink"),
)
EVENTS = Topic(
    name="pulsemon.events",
    key="server_id",
    record="event",
    partitions=None,
    config=_kept(days=30),
    writers=_roles("agent gateway processor operator"),
    readers=_roles("sink processor gateway operator"),
)
RECOMMENDATIONS = Topic(
    name="pulsemon.recommendations",
    key="server_id",
    record=None,
    partitions=None,
    config=_kept(days=30),
    writers=_roles("processor"),
    readers=_roles("sink gateway operator bridge"),
)
NOTIFICATIONS = Topic(
    name="pulsemon.notifications",
    key="alert key",
    record=None,
    partitions=None,
    config=_kept(days=30),
    writers=_roles("notifier"),
    readers=_roles("notifier sink gateway operator"),
)
KEY_USE = Topic(
    name="pulsemon.key-use",
    key="key_id",
    record=None,
    partitions=1,
    config=_COMPACTED,
    writers=_roles("gateway"),
    readers=_roles("gateway operator"),
)
DEADLETTER = Topic(
    name="pulsemon.deadletter",
    key="as it came",
    record=None,
    partitions=3,
    config=_kept(days=14)
    | APPEND_TIME
    | {
        "retention.bytes": str(1024 * MIB),
        "max.message.bytes": str(MAX_RECORD_BYTES + DEAD_LETTER_HEADER_BYTES),
    },
    writers=_roles("gateway processor sink"),
    readers=_roles("sink operator"),
)

TOPICS: tuple[Topic, ...] = (
    METRICS,
    CONTROL,
    ALERTS,
    ALERTS_SHADOW,
    ALERT_STATE,
    SERVER_STATE,
    FLEET_EVENTS,
    PROCESSOR_STATE,
    EVENTS,
    RECOMMENDATIONS,
    NOTIFICATIONS,
    KEY_USE,
    DEADLETTER,
)


def topic(name: str, topics: Iterable[Topic] = TOPICS) -> Topic:
    """The topic of this name. Raises KeyError."""
    for candidate in topics:
        if candidate.name == name:
            return candidate
    raise KeyError(name)
