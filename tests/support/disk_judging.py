"""What the two rules about disks that fill say of a trace: each through the engine's own parts."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pulsemon_schemas.rules import parse_rule
from pulsemon_stream_processors.engine.joint import Joint, series_of
from pulsemon_stream_processors.engine.judged import Key
from pulsemon_stream_processors.engine.moment import Moment
from support.disk_traces import STEP_SECONDS, DiskTrace

USED = "system.filesystem.utilization"
HOUR = 3600.0


def _rule(window: dict[str, Any], used: float, soon: dict[str, Any], times: dict[str, float]) -> dict[str, Any]:
    window = {"function": "time_to", "target": 1.0, **window}
    return {
        "kind": "composite",
        "by": ["mountpoint"],
        "lead": "soon",
        "when": "soon and used",
        "operands": {
            "soon": {"metric": USED, "operator": "<=", "window": window, **soon},
            "used": {"metric": USED, "operator": ">", "limit": used},
        },
        "levels": {"warning": times, "critical": times},
    }  # fmt: skip


SLOW = _rule(
    {"seconds": 6 * HOUR},
    0.6,
    {"limit": {"warning": 24 * HOUR, "critical": 4 * HOUR}, "recovery": {"warning": 36 * HOUR, "critical": 8 * HOUR}},
    {"for_seconds": 1800, "keep_firing_seconds": 3600},
)
FAST = _rule(
    {"seconds": 1800, "guard": 1.5},
    0.5,
    {"limit": {"warning": 4 * HOUR, "critical": 2 * HOUR}, "recovery": {"warning": 12 * HOUR, "critical": 4 * HOUR}},
    {"for_seconds": 300, "keep_firing_seconds": 1800},
)


@dataclass(frozen=True)
class Verdict:
    """``false_episodes`` of a disk that is never full; of others ``lead_hours`` of the alert that holds to the end."""

    false_episodes: int
    lead_hours: float | None


def episodes(body: dict[str, Any], trace: DiskTrace) -> list[tuple[int, int]]:
    """From which point to which the rule fires, up to the point at which the disk is full."""
    rule = parse_rule("rule", body)
    joint = Joint(Key("f", "", "mountpoint=/", "rule"), {"mountpoint": "/"}, rule)
    probes = [joint.probe(source, series, "mountpoint=/") for source, series in series_of(rule).items()]
    found: list[tuple[int, int]] = []
    began: int | None = None
    last = len(trace.used) if trace.full_at is None else trace.full_at
    for point in range(last):
        at_ms = trace.time_ms(point)
        for probe in probes:
            probe.feed(trace.used[point], at_ms, point)
        joint.judge(Moment(at_ms, point, at_ms, False, "p", point))
        joint.is_idle = not (joint.firing_level() or joint.pending_level())
        if joint.firing_level() and began is None:
            began = point
        elif began is not None and not joint.firing_level():
            found.append((began, point))
            began = None
    return found if began is None else [*found, (began, last)]


def verdict(bodies: Iterable[dict[str, Any]], trace: DiskTrace) -> Verdict:
    """Of several rules together: what one of them says is said."""
    found = [one for body in bodies for one in episodes(body, trace)]
    if trace.full_at is None:
        return Verdict(len(found), None)
    leads = [trace.full_at - began for began, ended in found if ended == trace.full_at]
    return Verdict(0, max(leads, default=0) * STEP_SECONDS / HOUR)
