"""The same log through the engine alone, and whether a worker's topics and state say the same, by SHA-256."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from confluent_kafka import Message
from pulsemon_deploy.kafka import topic_ids
from pulsemon_schemas import codec
from pulsemon_schemas.errors import ContractError
from pulsemon_schemas.records import ControlRecord, LogRecord
from pulsemon_stream_processors.checkpoint import Checkpoint, read_checkpoint
from pulsemon_stream_processors.engine import ControlHistory, Output, PartitionEngine, Place
from support.fleet_replay import fleet_differences, without_fleet
from support.processor import TICK_KEY, Room

OUTPUT_TOPICS = ("alerts", "alerts-shadow", "alert-state", "server-state", "events", "fleet-events", "deadletter")
FLEET_TOPICS = frozenset({"alerts", "alert-state"})
"""Where the fleet writes beside the partitions."""
Pair = tuple[bytes | None, bytes | None]


@dataclass
class Replay:
    """One partition through the engine: what it wrote by topic, and the engine as it is then."""

    engine: PartitionEngine
    outputs: dict[str, list[Pair]] = field(default_factory=lambda: defaultdict(list))


def read_history(room: Room) -> ControlHistory:
    """The control log, folded."""
    history = ControlHistory(room.partition_count)
    for message in room.read("control")[0]:
        offset = message.offset() or 0
        try:
            record = codec.decode(message.value() or b"")
        except ContractError:
            history.pass_over(offset)
        else:
            assert isinstance(record, ControlRecord)
            history.append(offset, record)
    return history


def replay(place: Place, history: ControlHistory, log: Iterable[LogRecord]) -> Replay:
    """The log of one partition from its start."""
    run = Replay(PartitionEngine(place, history))
    for record in log:
        for output in run.engine.apply(record):
            run.outputs[output.topic.removeprefix("pulsemon.")].append(_pair(output))
    return run


def differences(room: Room) -> list[str]:
    """What in the topics is not as a replay of the same log makes it; empty if all is equal.

    The workers must have ended after their last rounds: the replay goes as far as the partitions' own records.
    """
    history, logs = read_history(room), room.log()
    topic_id = topic_ids(room.broker.settings, [room.topic("metrics")])[room.topic("metrics")]
    written = {name: by_source(room.read(name), name, room.partition_count) for name in OUTPUT_TOPICS}
    states = room.read("processor-state")
    found: list[str] = []
    fleet_events: list[list[Pair]] = []
    for partition, log in enumerate(logs):
        checkpoint = read_checkpoint(_newest(states[partition]), topic_id)
        if checkpoint.partition is None:
            found.append(f"partition {partition}: no record of its own")
            continue
        cover = checkpoint.partition["cover"]
        place = Place(topic_id, partition, room.partition_count, TICK_KEY.encode())
        run = replay(place, history, (record for record in log if record.offset <= cover))
        fleet_events.append(run.outputs["fleet-events"])
        for name in OUTPUT_TOPICS:
            found += _compare_outputs(f"{name}, partition {partition}", written[name][partition], run.outputs[name])
        found += _compare_state(partition, checkpoint, run.engine)
    if len(fleet_events) < len(logs):
        return found
    return found + fleet_differences(_newest(states[0]), room.read("alerts"), topic_id, history, fleet_events)


def by_source(partitions: Sequence[Sequence[Message]], name: str, partition_count: int) -> list[list[Pair]]:
    """The records of an output topic by the metrics partition that caused them, in the order of the causes.

    Dead letters of one partition lie in several, so the offsets in their headers say how they follow one another.
    """
    found: list[list[tuple[int, Pair]]] = [[] for _ in range(partition_count)]
    for number, messages in enumerate(partitions):
        for index, message in enumerate(without_fleet(messages) if name in FLEET_TOPICS else messages):
            source, place = number, index
            if name == "deadletter":
                headers = dict(message.headers() or [])
                source, place = int(headers["partition"] or b""), int(headers["offset"] or b"")
            elif name == "fleet-events":
                source = json.loads(message.value() or b"")["partition"]
            found[source].append((place, (message.key(), message.value())))
    return [[pair for _, pair in sorted(one, key=lambda item: item[0])] for one in found]


def digest(pairs: Iterable[Pair]) -> str:
    """One SHA-256 over all keys and values, in order."""
    total = hashlib.sha256()
    for part in (part for pair in pairs for part in pair):
        total.update(b"-" if part is None else b"%d:%s" % (len(part), part))
    return total.hexdigest()


def _compare_outputs(what: str, live: list[Pair], again: list[Pair]) -> list[str]:
    if digest(live) == digest(again):
        return []
    at = next((index for index, (one, other) in enumerate(zip(live, again, strict=False)) if one != other), None)
    place = min(len(live), len(again)) if at is None else at
    difference = (
        f"{what}: {len(live)} written, {len(again)} by the replay, {len(set(live) - set(again))} unknown to it, "
        f"{len(set(again) - set(live))} missing, first difference at {place}: "
        f"{live[place : place + 1]!r:.400} and {again[place : place + 1]!r:.400}"
    )
    return [difference]


def _compare_state(partition: int, checkpoint: Checkpoint, engine: PartitionEngine) -> list[str]:
    found = []
    if checkpoint.partition != _as_stored(engine.partition_record()):
        found.append(f"partition {partition}: its record is {checkpoint.partition}, by the replay another")
    if set(checkpoint.servers) != engine.server_ids:
        found.append(f"partition {partition}: other servers: {sorted(set(checkpoint.servers) ^ engine.server_ids)[:5]}")
    for server_id in sorted(set(checkpoint.servers) & engine.server_ids):
        stored, again = dict(checkpoint.servers[server_id]), _as_stored(engine.snapshot(server_id))
        # a server that did nothing more has an older snapshot, which covers less and says the same
        stored.pop("cover"), again.pop("cover")
        if stored != again:
            keys = [key for key in stored if stored[key] != again.get(key)]
            found.append(f"partition {partition}: {server_id} differs in {keys}")
    return found


def _newest(messages: Iterable[Message]) -> Mapping[bytes, bytes]:
    newest: dict[bytes, bytes] = {}
    for message in messages:
        key, value = message.key() or b"", message.value()
        if value is None:
            newest.pop(key, None)
        else:
            newest[key] = value
    return newest


def _as_stored(state: Any) -> dict[str, Any]:
    stored: dict[str, Any] = json.loads(json.dumps(state))
    return stored


def _pair(output: Output) -> Pair:
    return output.key, output.value
