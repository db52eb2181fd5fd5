"""The state of the fleet engine as data, and back."""

from collections.abc import Mapping
from typing import Any

from pulsemon_stream_processors.engine.condition import Condition
from pulsemon_stream_processors.engine.control_history import ControlHistory
from pulsemon_stream_processors.engine.errors import StateError
from pulsemon_stream_processors.engine.snapshot import alert_state, restored_alert
from pulsemon_stream_processors.fleet.group import Group
from pulsemon_stream_processors.fleet.muster import Cohort
from pulsemon_stream_processors.fleet.place import FleetPlace

FORMAT = 1
READABLE = frozenset({FORMAT})
"""A version reads its own format and the one before."""
State = dict[str, Any]


def heading(place: FleetPlace) -> State:
    """What every record of the fleet's state begins with."""
    return {"format": FORMAT, "topic_id": place.topic_id, "log_id": place.log_id}


def check_heading(state: Mapping[str, Any], place: FleetPlace) -> None:
    """Raises StateError if a record is about another life of the metrics topic, or of a format not known here."""
    if state.get("format") not in READABLE:
        raise StateError(
            f"fleet state of format {state.get('format')}, this version reads {sorted(READABLE)}: nothing was "
            f"restored; start the version that wrote it, or the one after it"
        )
    if state.get("topic_id") != place.topic_id:
        raise StateError(
            f"fleet state of topic {state.get('topic_id')}, but this is {place.topic_id}: nothing was restored; the "
            f"topic was made anew, so begin without state"
        )


def group_state(group: Group) -> State:
    """All that must be known to go on with an environment."""
    failing = {"failing": group.failing} if group.failing else {}
    return {
        **failing,
        "environment": group.environment,
        "cohort": group.cohort,
        "rule": group.rule.version if group.rule else None,
        "levels": {name: [one.since_ms, one.is_on, one.calm_ms] for name, one in group.conditions.items()},
        "alert": alert_state(group.alert),
        "is_closed": group.is_closed,
        "judged_ms": group.judged_ms,
        "ended": group.ended,
    }


def restored_group(state: Mapping[str, Any], history: ControlHistory) -> Group:
    """The environment of a state. Raises as ``ControlHistory.rule``."""
    cohort = state.get("cohort")
    group = Group(state["environment"], Cohort(*cohort) if cohort else None)
    if state["rule"] is not None:
        group.take_rule(history.rule(state["rule"]))
    for name, (since_ms, is_on, calm_ms) in state["levels"].items():
        condition = group.conditions[name] = Condition()
        condition.since_ms, condition.is_on, condition.calm_ms = since_ms, is_on, calm_ms
    group.alert = restored_alert(state["alert"])
    group.failing = state.get("failing", "")
    group.is_closed = state["is_closed"]
    group.judged_ms = state["judged_ms"]
    group.ended = [(alert_id, ended_ms) for alert_id, ended_ms in state["ended"]]
    return group
