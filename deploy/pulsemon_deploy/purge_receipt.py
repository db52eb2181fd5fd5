"""What is left of a server that was purged, where, and until when."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pulsemon_schemas.topics import ALERT_STATE, CONTROL, DEADLETTER, PROCESSOR_STATE, SERVER_STATE, TOPICS, Topic

OF_SERVERS = frozenset({"server_id", "alert key"})
COMPACTED = (SERVER_STATE, ALERT_STATE, PROCESSOR_STATE)
"""Topics that keep the newest record of a key: the processor, whose they are, writes tombstones after a purge."""


@dataclass(frozen=True, slots=True)
class Stays:
    """Something that a purge does not reach. ``until`` None: nobody can say, or for ever."""

    what: str
    until: datetime | None
    why: str


def what_stays(now: datetime, topics: Iterable[Topic] = TOPICS) -> list[Stays]:
    """In the topics, by their own settings, and beyond them."""
    kept = [_kept(topic, now) for topic in topics if topic.key in OF_SERVERS or topic is DEADLETTER]
    return [
        *(one for one in kept if one is not None),
        Stays(CONTROL.name, None, "kept for ever: id, name, environment, labels and who changed them, in all versions"),
        Stays("table control", None, "the copy of the same"),
        Stays("table state_snapshots", now + timedelta(days=30), "the engine across servers names it with its status"),
        Stays("ClickHouse's files", None, "no query sees the rows; the bytes go when the parts are next merged"),
        Stays("backups", None, "as long as you keep them; one that is restored has to be purged again"),
        Stays("the host itself", None, "its agent's spool and key; the key opens nothing any more"),
    ]


def _kept(topic: Topic, now: datetime) -> Stays | None:
    """A segment goes when its newest record is old enough, and gets no newer ones after ``segment.ms``."""
    config: Mapping[str, str] = topic.config
    segment = timedelta(milliseconds=int(config.get("segment.ms", "604800000")))
    if config.get("cleanup.policy") == "compact":
        lag = timedelta(milliseconds=int(config["max.compaction.lag.ms"]))
        return Stays(topic.name, now + segment + lag, "records before the tombstones, until the topic is compacted")
    retention_ms = int(config.get("retention.ms", "-1"))
    if retention_ms < 0:
        return None
    until = now + timedelta(milliseconds=retention_ms) + segment
    return Stays(topic.name, until, "records are not taken out of it; they go by age")


def utc_now() -> datetime:
    """Whole seconds."""
    return datetime.now(UTC).replace(microsecond=0)
