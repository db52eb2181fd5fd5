"""The topics that the sink stores block by block, and how each of them is read."""

from pulsemon_schemas.runtime.kafka import Config, KafkaSettings, consumer_config

from pulsemon_sinks.buffer import FlushLimits
from pulsemon_sinks.canary import alert_canary, canary, server_state_canary
from pulsemon_sinks.judges import judge_alert, judge_server_state, metrics_judge, purged_state
from pulsemon_sinks.landings import ALERTS_LANDING, ALERTS_SHADOW_LANDING, METRICS_LANDING, SERVER_STATE_LANDING
from pulsemon_sinks.settings import SinkSettings
from pulsemon_sinks.stored_topic import Plan

CLIENT_ID = "pulsemon-sink"
QUIET_PART = 8
"""A topic with few records gets this part of the memory."""


def plans(settings: SinkSettings, kafka: KafkaSettings) -> tuple[Plan, ...]:
    """The metrics first: it is the one to wait for."""
    limits = FlushLimits(settings.flush_samples, settings.flush_bytes, settings.flush_seconds)
    quiet_bytes = settings.buffer_bytes // QUIET_PART
    metrics = Plan(
        settings.metrics_topic,
        metrics_reader(settings, kafka),
        METRICS_LANDING,
        canary(),
        metrics_judge(settings.tick_key.reveal().encode() or None),
        limits,
        settings.buffer_bytes,
    )
    alerts, shadow = (
        Plan(topic, quiet_reader(settings, kafka, topic), landing, alert_canary(), judge_alert, limits, quiet_bytes)
        for topic, landing in (
            (settings.alerts_topic, ALERTS_LANDING),
            (settings.alerts_shadow_topic, ALERTS_SHADOW_LANDING),
        )
    )
    states = Plan(
        settings.server_state_topic,
        quiet_reader(settings, kafka, settings.server_state_topic),
        SERVER_STATE_LANDING,
        server_state_canary(),
        judge_server_state,
        limits,
        quiet_bytes,
        of_tombstone=purged_state,
    )
    return metrics, alerts, shadow, states


def metrics_reader(settings: SinkSettings, kafka: KafkaSettings) -> Config:
    """The group consumer of the metrics: bounded queues, and quick to notice a topic that was made anew."""
    session_ms = int(settings.session_timeout_seconds * 1000)
    return consumer_config(kafka, settings.group_id, CLIENT_ID) | {
        "group.instance.id": settings.instance_id,
        "session.timeout.ms": session_ms,
        "heartbeat.interval.ms": max(300, session_ms // 6),
        "topic.metadata.refresh.interval.ms": 2000,
        "fetch.wait.max.ms": 100,
        "fetch.max.bytes": 16_000_000,
        "max.partition.fetch.bytes": 4_000_000,
        "queued.max.messages.kbytes": 16_384,
    }


def quiet_reader(settings: SinkSettings, kafka: KafkaSettings, topic: str) -> Config:
    """The same for a topic with few records, in a group of its own: it asks seldom and keeps little."""
    group_id = settings.groups[topic]
    return metrics_reader(settings, kafka) | {
        "group.id": group_id,
        "client.id": f"{CLIENT_ID}{group_id.removeprefix(settings.group_id)}",
        "fetch.wait.max.ms": 500,
        "queued.max.messages.kbytes": 2048,
    }
