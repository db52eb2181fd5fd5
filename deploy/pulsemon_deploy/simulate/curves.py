"""The slow side of a server: what it does, on a knot every five minutes, as lines between them.

Because the lines are straight, what a counter has counted is an exact sum of trapezia, at any time and without state.
Counters start at the boot, which comes every four weeks, so that no sum is long.
"""

from dataclasses import dataclass

import numpy as np

from pulsemon_deploy.simulate.fleet import FileSystem, Server
from pulsemon_deploy.simulate.incidents import Incident, Kind, incidents_of
from pulsemon_deploy.simulate.noise import Floats, Seconds, between, key, wander
from pulsemon_deploy.simulate.roles import DAYS, WEEKEND

STEP_SECONDS = 300
BOOT_PERIOD_SECONDS = 28 * 86_400
RAMP_SECONDS = 600
DAY_SECONDS = 86_400
# 1970 began on a Thursday
FIRST_WEEKDAY = 3

# What an incident does at full height, by curve: the level that the curve goes to.
_BUSY_LEVEL = {Kind.CPU_SATURATION: (0.955, 0.985), Kind.CPU_HIGH: (0.86, 0.90), Kind.CPU_BURST: (0.80, 0.97)}
_AWAIT_SECONDS = {Kind.DISK_LATENCY: (0.06, 0.28), Kind.REGION_SLOWDOWN: (0.012, 0.03)}
_DEVICE_BUSY = {Kind.DISK_LATENCY: (0.94, 0.99)}
_IOWAIT_LEVEL = {Kind.DISK_LATENCY: (0.18, 0.34), Kind.REGION_SLOWDOWN: (0.06, 0.12)}
_ERROR_SHARE = {Kind.NETWORK_ERRORS: (0.015, 0.05)}
# … and by how much it is multiplied.
_BUSY_FACTOR = {Kind.DEPLOY_REGRESSION: 1.45, Kind.REGION_SLOWDOWN: 0.8}
_TRAFFIC_FACTOR = {
    Kind.REGION_SLOWDOWN: 0.55,
    Kind.NETWORK_ERRORS: 0.85,
    Kind.DEPLOY_REGRESSION: 0.9,
    Kind.CPU_SATURATION: 0.8,
}
MEMORY_FULL = 0.968
MEMORY_TIGHT = 0.93
DISK_FULL = 0.972


@dataclass(frozen=True, slots=True)
class Curve:
    """One quantity on the knots, and its integral from the boot to each of them."""

    values: Floats
    sums: Floats


@dataclass(frozen=True, slots=True)
class Curves:
    """One life of a server, from ``booted_at``: the part of it that was asked for."""

    booted_at: int
    first_knot: int
    curves: dict[str, Curve]

    def level(self, name: str, times: Seconds) -> Floats:
        """The quantity at each time (seconds)."""
        knots, share = self._place(times)
        values = self.curves[name].values
        return values[knots] + (values[knots + 1] - values[knots]) * share

    def total(self, name: str, times: Floats) -> Floats:
        """The integral of the quantity from the boot to each time (seconds)."""
        knots, share = self._place(times)
        curve = self.curves[name]
        left = curve.values[knots]
        slope = curve.values[knots + 1] - left
        return curve.sums[knots] + STEP_SECONDS * share * (left + slope * share / 2)

    def mean(self, name: str, times: Seconds, window_seconds: int) -> Floats:
        """The average over the window that ends at each time, or over what there is since the boot."""
        begins = np.maximum(times - window_seconds, self.booted_at)
        width = np.maximum(times - begins, 1)
        return (self.total(name, times.astype(np.float64)) - self.total(name, begins.astype(np.float64))) / width

    def _place(self, times: Seconds | Floats) -> tuple[Seconds, Floats]:
        passed = times / STEP_SECONDS - self.first_knot
        knots = np.floor(passed).astype(np.int64)
        return knots, passed - knots


def boot_before(seed: int, server: Server, seconds: int) -> int:
    """The last boot of the server at or before a time: on a knot, at night for whoever is near."""
    offset = (
        key(seed, "boot", server.index) % 28 * DAY_SECONDS + key(seed, "boot hour", server.index) % 36 * STEP_SECONDS
    )
    return (seconds - offset) // BOOT_PERIOD_SECONDS * BOOT_PERIOD_SECONDS + offset


def curves(seed: int, server: Server, booted_at: int, start: int, end: int) -> Curves:
    """The part from ``start`` to ``end`` (seconds) of the life that began with this boot."""
    first, last = booted_at // STEP_SECONDS, end // STEP_SECONDS + 2
    times = np.arange(first, last + 1, dtype=np.int64) * STEP_SECONDS
    struck = incidents_of(seed, server, booted_at, end + 3 * STEP_SECONDS)
    values = _values(seed, server, times, struck)
    kept = slice(max(start // STEP_SECONDS - 4 - first, 0), None)
    found = {name: Curve(value[kept], _sums(value)[kept]) for name, value in values.items()}
    return Curves(booted_at, first + kept.start, found)


def _sums(values: Floats) -> Floats:
    return np.concatenate(([0.0], np.cumsum((values[1:] + values[:-1]) * (STEP_SECONDS / 2))))


def _values(seed: int, server: Server, times: Seconds, struck: tuple[Incident, ...]) -> dict[str, Floats]:
    role = server.role
    activity = _activity(seed, server, times)
    low, span = role.busy
    iowait = _toward(role.iowait * (0.6 + activity), struck, times, _IOWAIT_LEVEL)
    busy = _toward(_scaled(low + span * activity, struck, times, _BUSY_FACTOR), struck, times, _BUSY_LEVEL)
    busy = np.minimum(busy, 0.995 - iowait)
    traffic = _scaled(0.06 + 0.94 * activity, struck, times, _TRAFFIC_FACTOR)
    calm_device = np.minimum((0.04 + activity) * (0.04 + 8 * role.iowait), 0.6)
    calm_wait = role.await_seconds * (0.7 + activity)
    operations = 0.1 + activity
    rate = operations * (role.read_operations + role.write_operations)
    wait = _toward(calm_wait, struck, times, _AWAIT_SECONDS)
    found = {
        "busy": busy,
        "iowait": iowait,
        "idle": 1.0 - busy - iowait,
        "load": server.cores * (busy / (1.03 - 0.55 * busy) + 2.2 * iowait),
        "traffic": traffic,
        "operations": operations,
        "device": _toward(calm_device, struck, times, _DEVICE_BUSY),
        "calm device": calm_device,
        "wait": wait,
        "calm wait": calm_wait,
        "queue": wait * rate,
        "calm queue": calm_wait * rate,
        "errors": _toward(np.full(len(times), 2e-7), struck, times, _ERROR_SHARE) * traffic,
        "memory": _memory(seed, server, times, activity, struck),
    }
    found["pressure"] = np.maximum(found["memory"] - MEMORY_TIGHT, 0.0)
    for number, file_system in enumerate(server.file_systems):
        is_last = number == len(server.file_systems) - 1
        found[f"used {file_system.mountpoint}"] = _filled(seed, server, file_system, times, struck if is_last else ())
    return found


def _activity(seed: int, server: Server, times: Seconds) -> Floats:
    """How much there is to do, about 0 to 1: hour of the day and day of the week where the users are, and chance."""
    local = times + round(server.region.offset_hours * 3600)
    day = DAYS[server.role.day]
    level = np.interp(local % DAY_SECONDS / 3600, np.arange(len(day)), np.array(day) / 100)
    is_weekend = (local // DAY_SECONDS + FIRST_WEEKDAY) % 7 >= 5
    level = (
        level * np.where(is_weekend, WEEKEND[server.role.day], 1.0) * between(0.75, 1.05, seed, "share", server.index)
    )
    for step, height in ((1800, 0.07), (9000, 0.06), (50_400, 0.05)):
        level = level + height * wander(key(seed, "activity", server.index, step), times, step)
    return np.clip(level, 0.02, 1.0)


def _memory(seed: int, server: Server, times: Seconds, activity: Floats, struck: tuple[Incident, ...]) -> Floats:
    """The share in use: grows a little until the service is deployed anew, moves with the work."""
    low, climb = server.role.memory
    low = low + between(-0.05, 0.05, seed, "memory", server.index)
    period = round(between(1.5, 5.0, seed, "deploys", server.index) * DAY_SECONDS)
    passed = (times + key(seed, "deploy", server.index) % period) % period / period
    used = low + climb * passed + 0.05 * activity + 0.008 * wander(key(seed, "memory", server.index), times, 3600)
    for one in struck:
        if one.kind is Kind.MEMORY_LEAK:
            used = np.maximum(used, _climbing(used, one, times, MEMORY_FULL, share_of_time=0.7))
        elif one.kind is Kind.DEPLOY_REGRESSION:
            used = used + 0.09 * _envelope(one, times)
    return np.clip(used, 0.05, 0.985)


def _filled(seed: int, server: Server, volume: FileSystem, times: Seconds, struck: tuple[Incident, ...]) -> Floats:
    """The used share of a file system: fills slowly, is cleaned, fills again."""
    period = round(volume.cycle_days * DAY_SECONDS)
    passed = (times + key(seed, "clean", server.index, volume.mountpoint) % period) % period / period
    used = volume.used + volume.grows_by * passed
    used = used + 0.002 * wander(key(seed, "files", server.index, volume.mountpoint), times, 7200)
    for one in struck:
        if one.kind is Kind.DISK_FILLING:
            used = np.maximum(used, _climbing(used, one, times, DISK_FULL, share_of_time=0.75))
    return np.clip(used, 0.01, 0.99)


def _climbing(value: Floats, one: Incident, times: Seconds, top: float, share_of_time: float) -> Floats:
    """Straight up to the top in a share of the incident's time, fast at first; there until somebody ends it."""
    passed = np.clip((times - one.started_at) / (one.ended_at - one.started_at) / share_of_time, 0.0, 1.0)
    eased = passed * (1.6 - 0.6 * passed)
    return np.where((times >= one.started_at) & (times < one.ended_at), value + (top - value) * eased, value)


def _envelope(one: Incident, times: Seconds) -> Floats:
    """0 outside of the incident, 1 within, ten minutes from one to the other."""
    rising = (times - one.started_at) / RAMP_SECONDS
    falling = (one.ended_at - times) / RAMP_SECONDS
    return np.clip(np.minimum(rising, falling), 0.0, 1.0)


def _toward(
    value: Floats, struck: tuple[Incident, ...], times: Seconds, levels: dict[Kind, tuple[float, float]]
) -> Floats:
    for one in struck:
        if one.kind in levels:
            low, high = levels[one.kind]
            target = np.maximum(low + (high - low) * one.strength, value)
            value = value + (target - value) * _envelope(one, times)
    return value


def _scaled(value: Floats, struck: tuple[Incident, ...], times: Seconds, factors: dict[Kind, float]) -> Floats:
    for one in struck:
        if one.kind in factors:
            value = value * (1.0 + (factors[one.kind] - 1.0) * _envelope(one, times))
    return value
