"""The keys and values of the processor's own topic: snapshots of servers, the partition's record, what was emitted."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pulsemon_stream_processors.engine import Place, pack, unpack
from pulsemon_stream_processors.engine.snapshot import heading

PARTITION_KEY = b"_partition"
EMITTED_KEY = b"_emitted"
FLEET_PREFIX = b"_fleet:"
"""What begins so is the fleet's, which has its state beside that of the first partition."""
State = Mapping[str, Any]


@dataclass(slots=True)
class Checkpoint:
    """What is known of a partition from before. ``partition`` is None if nothing is.

    ``emitted`` is the last input record whose outputs are committed: they are not written again.
    """

    partition: State | None = None
    servers: dict[str, State] = field(default_factory=dict)
    emitted: int = -1


def read_checkpoint(values: Mapping[bytes, bytes], topic_id: str) -> Checkpoint:
    """The checkpoint in the newest values of a partition. State of another life of the topic is as good as none.

    Raises StateError for bytes that are no state.
    """
    found = Checkpoint()
    for key, value in values.items():
        if key.startswith(FLEET_PREFIX):
            continue
        state = unpack(value)
        if state.get("topic_id") != topic_id:
            continue
        if key == PARTITION_KEY:
            found.partition = state
        elif key == EMITTED_KEY:
            found.emitted = state["cover"]
        else:
            found.servers[state["server_id"]] = state
    return found


def server_key(server_id: str) -> bytes:
    """The key of a server's snapshot. No server's id begins with ``_``, so it is none of the others."""
    return server_id.encode()


def emitted_value(place: Place, cover: int) -> bytes:
    """The value under EMITTED_KEY."""
    return pack(heading(place, cover))
