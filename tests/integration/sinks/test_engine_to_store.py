"""What the engine decides is what the store answers: its outputs through a real Kafka into a real store."""

from dataclasses import astuple

import pytest
from pulsemon_schemas.partitioner import partition_for
from pulsemon_schemas.topics import ALERTS, SERVER_STATE
from pulsemon_sinks.reader import alerts
from pulsemon_stream_processors.engine import Output, PartitionEngine
from support import engine
from support.engine import Log, apply_all, history
from support.sinks import Place, running_sink

pytestmark = [pytest.mark.kafka, pytest.mark.clickhouse]

PARTITION, COUNT = 0, 2
BUSY = "system.cpu.busy"
RULE = {"metric": BUSY, "levels": {"warning": {"limit": 0.5}, "critical": {"limit": 0.9}}}


def servers(count: int) -> list[str]:
    """Servers that belong into the one partition."""
    names = (f"web-{number}" for number in range(100))
    return [name for name in names if partition_for(name.encode(), COUNT) == PARTITION][:count]


def outputs_of(log: Log) -> list[Output]:
    made = PartitionEngine(engine.place(PARTITION, COUNT), history(log.control, COUNT))
    return apply_all(made, log.records)


def test_the_store_has_each_transition_and_the_newest_states(place: Place) -> None:
    busy, calm = servers(2)
    log = Log()
    log.configure("rule/busy", RULE)
    log.configure(f"server/{calm}", {"environment": "prod"})
    for value in (0.2, 0.7, 0.95, 0.3, 0.97):
        log.wait(10)
        log.tick()
        log.batch({BUSY: value}, busy)
        log.batch({BUSY: 0.1}, calm)
    outputs = outputs_of(log)
    events, states = engine.alerts(outputs), engine.server_states(outputs)
    assert len(events) > 3, "the log makes alerts"

    with running_sink(place):
        for _ in range(2):  # delivered again, it changes nothing
            for one in outputs:
                if one.topic in {ALERTS.name, SERVER_STATE.name}:
                    topic = place.topic(one.topic.removeprefix("pulsemon."))
                    place.producer.produce(topic, one.value, one.key, PARTITION)
            place.flush()
            place.wait_for("alerts", len(events))
            place.wait_for("server_state", 2)

    ask = alerts.asker(place.store, place.clickhouse.database)
    stored = [one for alert_id in {event.alert_id for event in events} for one in alerts.transitions(ask, alert_id)]
    assert sorted(map(astuple, stored)) == sorted(map(astuple, events))

    (open_one,) = alerts.open_alerts(ask)
    assert (open_one.server_id, open_one.level, open_one.value) == (busy, "critical", 0.97)
    newest = {state.server_id: state.status for state in states}
    assert {key: one.status for key, one in alerts.server_states(ask).items()} == newest
    assert newest[calm] == "ok"
