"""The state of a server as data, and back."""

import json
import zlib
from collections.abc import Mapping
from typing import Any

from pulsemon_schemas.rules import Rule

from pulsemon_stream_processors.engine.alert import Alert, Evidence
from pulsemon_stream_processors.engine.condition import Condition
from pulsemon_stream_processors.engine.control_history import ControlHistory
from pulsemon_stream_processors.engine.errors import StateError
from pulsemon_stream_processors.engine.joint import Joint, series_of
from pulsemon_stream_processors.engine.judged import Judged, Key
from pulsemon_stream_processors.engine.missing import Missing
from pulsemon_stream_processors.engine.place import Place
from pulsemon_stream_processors.engine.plan import label_map_of
from pulsemon_stream_processors.engine.probe import Probe
from pulsemon_stream_processors.engine.server import Server
from pulsemon_stream_processors.engine.watch import Watch
from pulsemon_stream_processors.engine.window import Window

FORMAT = 2
READABLE = frozenset({FORMAT, FORMAT - 1})
"""A version reads its own format and the one before."""
State = dict[str, Any]

ALERT_FIELDS = (
    "id", "started_ms", "start_offset", "transition", "state", "level", "late", "is_confirmed",
    "acknowledged_until_ms", "unknown_ms", "is_calm", "suggested",
)  # fmt: skip
PROBE_FIELDS = ("last_ms", "step_ms", "value", "count", "first_offset")
MISSING_FIELDS = ("seen_at_ms", "producer_id", "sequence", "offset")
SILENCE_FIELDS = ("state", "seen_ms", "back_ms", "last_seen_ms", "producer_id", "sequence", "offset", "is_closed")
SERVER_FIELDS = ("has_spoken", "swept_ms", "status", "previous_status", "status_since_ms", "told")


def pack(state: Mapping[str, Any]) -> bytes:
    """A snapshot, or the record of a partition, as bytes; the same for the same state."""
    return zlib.compress(json.dumps(state, sort_keys=True, separators=(",", ":")).encode(), 6)


def unpack(data: bytes) -> State:
    """What was packed. Raises StateError."""
    try:
        state = json.loads(zlib.decompress(data))
    except (zlib.error, ValueError) as error:
        raise StateError(f"a snapshot cannot be read ({error}): nothing was restored") from error
    if not isinstance(state, dict):
        raise StateError(f"a snapshot is a {type(state).__name__}: nothing was restored")
    return state


def heading(place: Place, cover: int) -> State:
    """What every record of state begins with."""
    return {"format": FORMAT, "topic_id": place.topic_id, "partition": place.partition, "cover": cover}


def check_heading(state: Mapping[str, Any], place: Place) -> None:
    """Raises StateError if a record of state is of another place, or of a format that is not known here."""
    if state.get("format") not in READABLE:
        raise StateError(
            f"state of format {state.get('format')}, this version reads {sorted(READABLE)}: nothing was restored; "
            f"start the version that wrote it, or the one after it"
        )
    found = (state.get("topic_id"), state.get("partition"))
    if found != (place.topic_id, place.partition):
        raise StateError(
            f"state of topic {found[0]}, partition {found[1]}, but this is {place.topic_id}, {place.partition}: "
            f"nothing was restored; the topic was made anew, so begin without state"
        )


def server_state(server: Server) -> State:
    """All that must be known to go on with a server."""
    silence = server.silence
    failing = {"failing": server.failing} if server.failing else {}
    return {
        **failing,
        "server_id": server.server_id,
        **_fields(server, SERVER_FIELDS),
        "producers": server.producers.last,
        "ended": server.ended,
        "silence": _fields(silence, SILENCE_FIELDS),
        "absence": {"rule": silence.rule.version, "alert": alert_state(silence.alert)} if silence.rule else None,
        "watches": [_watch(server.watches[key]) for key in sorted(server.watches)],
    }


def restored_server(state: Mapping[str, Any], history: ControlHistory) -> Server:
    """The server of a snapshot, with the versions of the rules that judged it.

    Raises StateError, ControlBehindError.
    """
    try:
        return _restored_server(state, history)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise StateError(
            f"the snapshot of {state.get('server_id')!r} cannot be used ({type(error).__name__}: {error}): nothing was "
            f"restored; start the version that wrote it, or delete the partition's state and process its log anew"
        ) from error


def _restored_server(state: Mapping[str, Any], history: ControlHistory) -> Server:
    server = Server(state["server_id"])
    server.cover = state["cover"]
    server.failing = state.get("failing", "")
    _set(server, SERVER_FIELDS, state)
    server.producers.last = {name: (sequence, seen_ms) for name, (sequence, seen_ms) in state["producers"].items()}
    server.ended = [(alert_id, ended_ms) for alert_id, ended_ms in state["ended"]]
    _set(server.silence, SILENCE_FIELDS, {"back_ms": -1, **state["silence"]})
    if state["absence"] is not None:
        server.silence.rule = history.rule(state["absence"]["rule"])
        server.silence.alert = restored_alert(state["absence"]["alert"])
    for one in state["watches"]:
        watch = _restored_watch(one, history)
        server.watches[watch.key] = watch
        if watch.alert is not None:
            server.open[watch.key] = watch
    server.look_through()
    return server


def _watch(watch: Judged) -> State:
    state: State = {
        "key": watch.key,
        "rule": watch.rule.version,
        "failed_version": watch.failed_version,
        "last_ms": watch.last_ms,
        "step_ms": watch.step_ms,
        "seen_ms": watch.seen_ms,
        "closed_seen_ms": watch.closed_seen_ms,
        "levels": {name: [one.since_ms, one.is_on, one.calm_ms] for name, one in watch.conditions.items()},
        "alert": alert_state(watch.alert),
    }
    if watch.flips:
        state["flips"] = watch.flips
    if isinstance(watch, Joint):
        probes = watch.probes
        return state | {"probes": {source: _probes(probes[source]) for source in probes if probes[source]}}
    if isinstance(watch, Missing):
        return state | _fields(watch, MISSING_FIELDS)
    assert isinstance(watch, Watch)
    return state | _window(watch.window)


def _probes(probes: Mapping[str, Probe]) -> State:
    return {labels: {**_fields(one, PROBE_FIELDS), **_window(one.window)} for labels, one in probes.items()}


def _window(window: Window | None) -> State:
    if window is None:
        return {"previous": None, "buckets": []}
    return {"previous": window.previous, "buckets": window.state()}


def _restored_watch(state: Mapping[str, Any], history: ControlHistory) -> Judged:
    key, rule = Key(*state["key"]), history.rule(state["rule"])
    watch = _new_watch(key, rule, state)
    watch.closed_seen_ms, watch.flips = (
        state.get("closed_seen_ms", -1),
        tuple((at_ms, value) for at_ms, value in state.get("flips", ())),
    )
    watch.failed_version = state["failed_version"]
    watch.last_ms, watch.step_ms, watch.seen_ms = state["last_ms"], state["step_ms"], state["seen_ms"]
    for name, (since_ms, is_on, calm_ms) in state["levels"].items():
        condition = Condition()
        condition.since_ms, condition.is_on, condition.calm_ms = since_ms, is_on, calm_ms
        watch.conditions[name] = condition
    watch.alert = restored_alert(state["alert"])
    watch.is_idle = watch.alert is None
    return watch


def _new_watch(key: Key, rule: Rule, state: Mapping[str, Any]) -> Judged:
    if "probes" in state:
        return _joint(key, rule, state["probes"])
    if "seen_at_ms" not in state:
        return _of_one_series(key, rule, state)
    missing = Missing(key, label_map_of(key.labels), rule)
    _set(missing, MISSING_FIELDS, state)
    return missing


def _of_one_series(key: Key, rule: Rule, state: Mapping[str, Any]) -> Watch:
    watch = Watch(key, label_map_of(key.labels), rule)
    if watch.window is not None:
        watch.window.restore(state["buckets"], state["previous"])
    return watch


def _joint(key: Key, rule: Rule, state: Mapping[str, Mapping[str, Any]]) -> Joint:
    joint = Joint(key, label_map_of(key.labels), rule)
    series = series_of(rule)
    for source, probes in state.items():
        for labels, one in probes.items():
            probe = joint.probe(source, series[source], labels)
            _set(probe, PROBE_FIELDS, one)
            if probe.window is not None:
                probe.window.restore(one["buckets"], one["previous"])
    return joint


def alert_state(alert: Alert | None) -> State | None:
    """An alert as data; None for none."""
    if alert is None:
        return None
    return {**_fields(alert, ALERT_FIELDS), "evidence": alert.evidence, "suppressed_by": alert.suppressed_by}


def restored_alert(state: Mapping[str, Any] | None) -> Alert | None:
    """The alert of a state; None for none."""
    if state is None:
        return None
    evidence = Evidence(*state["evidence"]) if state["evidence"] else None
    fields = {name: state[name] for name in ALERT_FIELDS if name in state}
    return Alert(**fields, evidence=evidence, suppressed_by=tuple(state["suppressed_by"]))


def _fields(source: object, names: tuple[str, ...]) -> State:
    return {name: getattr(source, name) for name in names}


def _set(target: object, names: tuple[str, ...], state: Mapping[str, Any]) -> None:
    for name in names:
        setattr(target, name, state[name])
