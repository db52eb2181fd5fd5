"""Checks of those who read the topics: how far each group is behind."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pulsemon_schemas.runtime.kafka import KafkaSettings
from pulsemon_schemas.topics import METRICS, TOPICS

from pulsemon_deploy.doctor.finding import Finding, ok, problem
from pulsemon_deploy.group_lag import Lag, group_lag, groups_by_topic
from pulsemon_deploy.installation import Installation

if TYPE_CHECKING:
    from pulsemon_sinks.settings import SinkSettings
    from pulsemon_stream_processors.settings import ProcessorSettings

ADMIN = "admin"
LAG_RECORDS = 10_000
LAG_SECONDS = 120.0
OWN_PREFIX = "pulsemon-operator"
"""Groups of commands that look and go; they commit nothing."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One group on one topic. ``commit_seconds`` is how seldom it commits what it has read."""

    group_id: str
    topic: str
    commit_seconds: float = 0.0


def sink(own: Installation) -> Finding:
    """How far the sink is behind on each of its topics, or ahead of a log that lost records."""
    return judge(_lags(own.kafka(ADMIN), sink_readings(_sink(own))), own.home.logs / "sink.log")


def processor(own: Installation) -> Finding:
    """How far the processor is behind; it commits once a round, minutes apart."""
    return judge(_lags(own.kafka(ADMIN), [processor_reading(_processor(own))]), own.home.logs / "processor.log")


def others(own: Installation) -> Finding:
    """Groups of other programs on our topics. How far they should be, only their owners know."""
    settings = own.kafka(ADMIN)
    ours = {one.group_id for one in (*sink_readings(_sink(own)), processor_reading(_processor(own)))}
    names = {one.name for one in TOPICS}
    found = [
        Reading(group_id, topic)
        for topic, group_ids in sorted(groups_by_topic(settings).items())
        for group_id in group_ids
        if topic in names and group_id not in ours and not group_id.startswith(OWN_PREFIX)
    ]
    if not found:
        return ok("none on our topics")
    return ok("; ".join(f"{one.group_id} on {_told(one, lag)}" for one, lag in _lags(settings, found)))


def sink_readings(settings: "SinkSettings") -> tuple[Reading, ...]:
    """The sink's groups. Of the control log it keeps no place in Kafka: it reads all of it at each start."""
    return tuple(Reading(group_id, topic) for topic, group_id in settings.groups.items())


def processor_reading(settings: "ProcessorSettings") -> Reading:
    """The processor's group."""
    return Reading(settings.application, f"{settings.topic_prefix}{METRICS.name}", settings.round_seconds)


def judge(lags: Sequence[tuple[Reading, Lag]], log_file: Path) -> Finding:
    """All topics on one line; a problem if one of them is."""
    lost = [f"{lag.ahead:,} of {one.topic}" for one, lag in lags if lag.ahead]
    if lost:
        return problem(
            f"Kafka has lost records that had been read: {', '.join(lost)}; what was made of them stays, but the log "
            "ends before them",
            f"that is mended within seconds of running, see {log_file}; if it stays, start it: pulsemon up",
        )
    late = [_told(one, lag) for one, lag in lags if _is_late(one, lag)]
    if late:
        return problem("; ".join(late), f"look at {log_file}; it may be catching up")
    return ok("; ".join(_told(one, lag) for one, lag in lags))


def _is_late(one: Reading, lag: Lag) -> bool:
    """With seldom commits the number of records says nothing; where the age is not known, nothing else does."""
    if lag.seconds is not None and lag.seconds > LAG_SECONDS + one.commit_seconds:
        return True
    return lag.records > LAG_RECORDS and (not one.commit_seconds or lag.seconds is None)


def _told(one: Reading, lag: Lag) -> str:
    if not lag.records:
        return f"{one.topic} read to its end"
    if one.commit_seconds:
        age = "" if lag.seconds is None else f" {lag.seconds:,.0f} s ago"
        due = f"one is due every {one.commit_seconds:,.0f} s"
        return f"{one.topic} {lag.records:,} records since its last round{age}, {due}"
    age = "" if lag.seconds is None else f", {lag.seconds:,.0f} s"
    return f"{one.topic} {lag.records:,} records{age} behind"


def _lags(settings: KafkaSettings, readings: Sequence[Reading]) -> list[tuple[Reading, Lag]]:
    return [(one, group_lag(settings, one.group_id, one.topic)) for one in readings]


def _sink(own: Installation) -> "SinkSettings":
    """Without the key of Ticks, which would be made if there is none: the doctor only looks."""
    from pulsemon_sinks.settings import ENVIRONMENT_PREFIX, SinkSettings

    return own.config.load(SinkSettings, ENVIRONMENT_PREFIX)


def _processor(own: Installation) -> "ProcessorSettings":
    """As ``_sink``; a key is not optional here, so there is one that opens nothing."""
    from pulsemon_stream_processors.settings import ENVIRONMENT_PREFIX, ProcessorSettings

    return own.config.load(ProcessorSettings, ENVIRONMENT_PREFIX, {"tick_key": "none"})
