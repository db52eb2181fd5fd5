"""Where a replay begins: with the state of an earlier day, if there is some, else with the log."""

from collections.abc import Collection, Mapping
from typing import Any

from pulsemon_schemas.state_history import State, StateSnapshot

from pulsemon_stream_processors.checkpoint import Checkpoint, read_checkpoint
from pulsemon_stream_processors.engine import ControlHistory, PartitionEngine, Place, pack
from pulsemon_stream_processors.fleet import FleetEngine, FleetPlace
from pulsemon_stream_processors.fleet_seat import read_fleet_state
from pulsemon_stream_processors.replay.fleet_run import FleetRun
from pulsemon_stream_processors.replay.partition_run import PartitionRun


class Beginnings:
    """Of one snapshot. ``forgotten`` are versions of rules whose watches and alerts are none of the replay's."""

    def __init__(self, snapshot: StateSnapshot, history: ControlHistory, forgotten: Collection[int] = ()) -> None:
        self._snapshot = snapshot
        self._history = history
        self._forgotten = frozenset(forgotten)

    def checkpoint(self, partition: int, topic_id: str) -> Checkpoint:
        """What is known of a partition; empty if nothing is. Raises StateError."""
        states = self._snapshot.partitions.get(partition, {})
        return read_checkpoint({key.encode(): pack(state) for key, state in states.items()}, topic_id)

    def partition(self, place: Place, checkpoint: Checkpoint, since_ms: int) -> PartitionRun:
        """The run of a partition that goes on behind a checkpoint. Raises StateError, ControlBehindError."""
        assert checkpoint.partition is not None
        servers = {server_id: without(state, self._forgotten) for server_id, state in checkpoint.servers.items()}
        engine = PartitionEngine.restore(place, self._history, checkpoint.partition, servers)
        return PartitionRun(engine, since_ms, max(checkpoint.emitted, engine.cover))

    def fleet(self, place: FleetPlace, since_ms: int) -> FleetRun | None:
        """The run of the fleet, None if it has no state. Raises as ``partition``."""
        states = {key.encode(): pack(state) for key, state in self._snapshot.fleet.items()}
        state, feeds = read_fleet_state(states, place.topic_id)
        if state is None:
            return None
        groups = [one for one in state["groups"] if one["rule"] not in self._forgotten]
        engine = FleetEngine.restore(place, self._history, {**state, "groups": groups}, feeds)
        return FleetRun(engine, since_ms, engine.clock_ms)


def without(state: State, versions: Collection[int]) -> Mapping[str, Any]:
    """A server's state without what was judged by these versions of rules."""
    if not versions:
        return state
    absence = state.get("absence")
    return {
        **state,
        "watches": [one for one in state["watches"] if one["rule"] not in versions],
        "absence": None if absence is not None and absence["rule"] in versions else absence,
    }
