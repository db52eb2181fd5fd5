"""Whether the alerts about environments, and the fleet's state, are as a replay of the metrics logs makes them."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from confluent_kafka import Message
from pulsemon_schemas import codec
from pulsemon_schemas.errors import ContractError
from pulsemon_schemas.records import AlertEvent, LogRecord
from pulsemon_schemas.rules.environments import environment_of
from pulsemon_schemas.topics import ALERTS, FLEET_EVENTS
from pulsemon_stream_processors.engine import ControlHistory, Output
from pulsemon_stream_processors.fleet import FleetEngine, FleetPlace
from pulsemon_stream_processors.fleet_seat import read_fleet_state
from support.fleet_log import final_state

FAR = 1_000_000_000
Pair = tuple[bytes | None, bytes | None]


def without_fleet(messages: Iterable[Message]) -> list[Message]:
    """The records of ``alerts`` or ``alert-state`` that partitions made."""
    found, ids = [], set()
    for message in messages:
        key = message.key() or b""
        if _is_about_environment(message):
            ids.add(key)
        elif message.value() is not None or key not in ids:
            found.append(message)
    return found


def fleet_differences(
    newest: Mapping[bytes, bytes],
    alerts: Sequence[Sequence[Message]],
    topic_id: str,
    history: ControlHistory,
    events: Sequence[Sequence[Pair]],
) -> list[str]:
    """What is not as the replay makes it. ``newest`` is the state beside that of the first partition; ``events`` are
    those of each metrics partition, by the replay. Here they come partition by partition, and not as they came live.
    """
    state, feeds = read_fleet_state(newest, topic_id)
    if state is None:
        return ["the fleet has no state"]
    place = FleetPlace(state["log_id"], topic_id, len(events))
    clock_ms = state["time"]["clock_ms"]
    engine = FleetEngine(place, history)
    outputs: list[Output] = []
    for offset, value in enumerate(_up_to(clock_ms, topic_id, events)):
        outputs += engine.apply(LogRecord(FLEET_EVENTS.name, 0, offset, 0, b"", value))
    found = []
    for number, messages in enumerate(alerts):
        live = [message.value() for message in messages if _is_about_environment(message)]
        again = [one.value for one in outputs if (one.topic, one.partition) == (ALERTS.name, number)]
        if live != again:
            found.append(f"fleet alerts in partition {number}: {_story(live)}, by the replay {_story(again)}")
    stored = FleetEngine.restore(place, history, state, feeds)
    if final_state(stored) != final_state(engine):
        found.append(f"fleet state: {final_state(stored):.1000}, by the replay {final_state(engine):.1000}")
    return found


def _up_to(clock_ms: int, topic_id: str, events: Sequence[Sequence[Pair]]) -> Iterable[bytes]:
    """The events that were applied at this time, and of each partition one more, so that they are applied here too."""
    for partition, pairs in enumerate(events):
        for _, value in pairs:
            if value is not None and json.loads(value)["time_ms"] <= clock_ms:
                yield value
        last: dict[str, Any] = {"type": "time", "time_ms": clock_ms + 1, "partition": partition, "offset": FAR}
        yield json.dumps({**last, "topic_id": topic_id, "control_offset": -1}).encode()


def _is_about_environment(message: Message) -> bool:
    try:
        event = codec.decode(message.value() or b"")
    except ContractError:
        return False
    return isinstance(event, AlertEvent) and environment_of(event.server_id) is not None


def _story(values: Iterable[bytes | None]) -> list[str]:
    events = [codec.decode(value or b"") for value in values]
    return [f"{one.server_id} {one.state} {one.occurred_at_ms}" for one in events if isinstance(one, AlertEvent)]
