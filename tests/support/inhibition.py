"""An environment that fell silent: what the fleet engine decided, in a topic, and alerts of its servers."""

from dataclasses import replace

from pulsemon_deploy.kafka import ensure_topics
from pulsemon_deploy.kafka.access import grant_all, topic_grants
from pulsemon_schemas.partitioner import partition_for
from pulsemon_schemas.records import AlertEvent
from pulsemon_schemas.topics import ALERT_STATE
from support.alerts import transition
from support.bridges import Alarm
from support.fleet_log import RULE, FleetLog

WEB = ("web-1", "web-2", "web-3", "web-4")


def silent_fleet(alarm: Alarm) -> FleetLog:
    """Four servers of production of which three fell silent, and the topic for the state of alerts, still empty."""
    topic = replace(ALERT_STATE, name=alarm.room.topic("alert-state"))
    ensure_topics(alarm.broker.settings, alarm.room.partition_count, [topic])
    grant_all(alarm.broker.admin(), [grant.binding() for grant in topic_grants([topic])])
    log = FleetLog()
    log.configure("rule/fleet_silent", RULE)
    log.servers("production", *WEB)
    log.statuses("stale", *WEB[:3])
    log.run(70)
    return log


def put_state(alarm: Alarm, log: FleetLog) -> None:
    """What the engine made of the log, into the topic for the state of alerts."""
    topic, count = alarm.room.topic("alert-state"), alarm.room.partition_count
    for one in log.outputs():
        if one.topic == ALERT_STATE.name:
            alarm.room.producer.produce(topic, one.value, one.key, partition_for(one.key, count))
    alarm.room.flush()


def silence(server: str, number: int, at_ms: int) -> AlertEvent:
    """A transition of the alert about the silence of a server."""
    return transition(
        server, f"a-{server}", number, rule_id="silent", metric="", occurred_at_ms=at_ms, suppressed_by=()
    )
