"""What a rule says of a day: its transitions from calm to firing and back, and for how long it fires."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pulsemon_schemas import codec
from pulsemon_schemas.records import AlertEvent
from pulsemon_schemas.rules import ServerProfile, parse_rule
from pulsemon_schemas.topics import ALERTS
from pulsemon_stream_processors.engine import Place
from pulsemon_stream_processors.engine.configuration import Configuration
from pulsemon_stream_processors.engine.journal import Journal
from pulsemon_stream_processors.engine.judged import Key
from pulsemon_stream_processors.engine.lifecycle import Lifecycle
from pulsemon_stream_processors.engine.log_time import LogTime
from pulsemon_stream_processors.engine.moment import Moment
from pulsemon_stream_processors.engine.server import Server
from pulsemon_stream_processors.engine.watch import Watch
from support.flap_traces import LIMIT, STEP_SECONDS

START_MS = 1_780_000_000_000
CALM = frozenset({"", "pending", "resolved", "expired"})
USUAL = {"limit": LIMIT, "for_seconds": 120, "recovery": 75, "keep_firing_seconds": 360}
"""What default rules have: a short ``for``, a recovery value, and time before an alert is over."""


@dataclass(frozen=True)
class Day:
    """``told`` are all events that people would hear of: alerts that begin, change, or end."""

    transitions: int
    firing_minutes: float
    told: tuple[AlertEvent, ...]


def day(level: Mapping[str, float], values: tuple[float, ...], **more: Any) -> Day:
    """A day of these values under a rule with one level."""
    rule = parse_rule("rule", {"metric": "m", "levels": {"warning": dict(level)}, **more})
    time = LogTime()
    journal = Journal(Place("t", 0, 1), time)
    lifecycle, server = Lifecycle(time, Configuration(), journal), Server("web-1")
    server.profile = ServerProfile("web-1")
    watch = Watch(Key("m", "m", ""), {}, rule)
    events: list[AlertEvent] = []
    firing = 0
    for number, value in enumerate(values):
        at_ms = START_MS + number * STEP_SECONDS * 1000
        outputs = journal.begin(number)
        moment = Moment(at_ms, number, at_ms, False, "p", number)
        evidence = watch.feed(value, moment)
        if evidence is not None:
            lifecycle.advance(server, watch, moment, evidence)
        firing += watch.alert is not None and watch.alert.state not in CALM
        for output in outputs:
            event = codec.decode(output.value) if output.topic == ALERTS.name and output.value else None
            if isinstance(event, AlertEvent):
                events.append(event)
    told = tuple(event for event in events if not (event.state in CALM and event.previous_state in CALM))
    changes = sum((event.state in CALM) != (event.previous_state in CALM) for event in told)
    return Day(changes, firing * STEP_SECONDS / 60, told)
