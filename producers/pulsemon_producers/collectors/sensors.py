"""Sensors: temperatures and their limits, fans, batteries, from ``/sys/class``."""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pulsemon_producers.collectors.base import Collector, Point, Tick, gauge
from pulsemon_producers.collectors.host import Host

HWMON = "class/hwmon"
THERMAL = "class/thermal"
POWER = "class/power_supply"

INPUT = re.compile(r"(?P<sensor>(?P<kind>temp|fan)\d+)_input")
LIMIT_FILES: Mapping[str, str] = {"high": "max", "critical": "crit"}
USUAL_LIMITS: Mapping[str, float] = {"high": 80.0, "critical": 90.0}
"""In degrees, where the maker of a sensor names none."""
MILLI = 1e-3
PERCENT = 100
PLAUSIBLE_CELSIUS = (-100.0, 200.0)
"""A broken sensor, or an input that nothing is wired to, tells something far outside."""


@dataclass(frozen=True, slots=True)
class Sensor:
    """One input: ``prefix`` is where its files begin below ``sysfs``, ``id`` stays the same from boot to boot."""

    id: str
    name: str
    kind: str
    prefix: str


class SensorCollector(Collector):
    """Chips are asked one by one; some take milliseconds to answer, and one that hangs hangs here alone."""

    name = "sensor"
    interval_seconds = 30.0

    def collect(self, tick: Tick) -> Iterator[Point]:
        """Nothing on a virtual machine, which has no sensors."""
        has_temperature = False
        for sensor in _sensors(self.host):
            if sensor.kind == "fan":
                yield from _fan(self.host, sensor)
                continue
            points = list(_temperature(self.host, sensor, tick.wants("hw.temperature.limit")))
            has_temperature = has_temperature or bool(points)
            yield from points
        if not has_temperature:
            yield from _thermal_zones(self.host)
        if tick.wants("hw.battery.charge"):
            yield from _batteries(self.host)


def _sensors(host: Host) -> Iterator[Sensor]:
    taken: set[str] = set()
    for folder in host.sys_names(HWMON):
        at = f"{HWMON}/{folder}"
        chip = host.sys_if_any(f"{at}/name") or folder
        device = host.sys_link(f"{at}/device") or chip
        device = f"{device}.{folder}" if device in taken else device
        taken.add(device)
        for found in filter(None, map(INPUT.fullmatch, host.sys_names(at))):
            sensor = found["sensor"]
            label = host.sys_if_any(f"{at}/{sensor}_label") or sensor
            yield Sensor(f"{device}/{sensor}", f"{chip} {label}", found["kind"], f"{at}/{sensor}")


def _temperature(host: Host, sensor: Sensor, wants_limits: bool) -> Iterator[Point]:
    celsius = _celsius(host, f"{sensor.prefix}_input")
    if celsius is None:
        return
    yield gauge("hw.temperature", celsius, {"hw.id": sensor.id, "hw.name": sensor.name})
    limits: dict[str, float] = {}
    for kind, file in LIMIT_FILES.items():
        limit = _celsius(host, f"{sensor.prefix}_{file}")
        if limit is not None and limit > 0:
            limits[kind] = limit
            if wants_limits:
                yield gauge("hw.temperature.limit", limit, {"hw.id": sensor.id, "limit_type": kind})
    yield from _headroom(celsius, limits, {"hw.id": sensor.id, "hw.name": sensor.name})


def _headroom(celsius: float, limits: Mapping[str, float], labels: Mapping[str, str]) -> Iterator[Point]:
    """To both limits: a usual one stands in for one that is not named, but not on the wrong side of the other."""
    high = limits.get("high", min(USUAL_LIMITS["high"], limits.get("critical", math.inf)))
    critical = limits.get("critical", max(USUAL_LIMITS["critical"], high))
    for kind, limit in (("high", high), ("critical", critical)):
        yield gauge("hw.temperature.headroom", round(limit - celsius, 3), {**labels, "limit_type": kind})


def _fan(host: Host, sensor: Sensor) -> Iterator[Point]:
    speed = _number(host, f"{sensor.prefix}_input")
    if speed is not None:
        yield gauge("hw.fan.speed", speed, {"hw.id": sensor.id})


def _thermal_zones(host: Host) -> Iterator[Point]:
    """What small boards have instead of chips; where there are chips, these tell the same again."""
    for folder in host.sys_names(THERMAL):
        if folder.startswith("thermal_zone"):
            celsius = _celsius(host, f"{THERMAL}/{folder}/temp")
            kind = host.sys_if_any(f"{THERMAL}/{folder}/type") or folder
            if celsius is not None:
                yield gauge("hw.temperature", celsius, {"hw.id": folder, "hw.name": kind})
                yield from _headroom(celsius, {}, {"hw.id": folder, "hw.name": kind})


def _batteries(host: Host) -> Iterator[Point]:
    for folder in host.sys_names(POWER):
        at = f"{POWER}/{folder}"
        is_battery = host.sys_if_any(f"{at}/type") == "Battery"
        # "Device" is the battery of a mouse or headset
        if is_battery and host.sys_if_any(f"{at}/scope") != "Device":
            percent = _number(host, f"{at}/capacity")
            if percent is not None:
                yield gauge("hw.battery.charge", percent / PERCENT, {"hw.id": folder})
            status = host.sys_if_any(f"{at}/status")
            if status is not None and status != "Unknown":
                yield gauge("hw.battery.discharging", status == "Discharging", {"hw.id": folder})


def _celsius(host: Host, path: str) -> float | None:
    value = _number(host, path)
    if value is None:
        return None
    lowest, highest = PLAUSIBLE_CELSIUS
    celsius = value * MILLI
    return round(celsius, 3) if lowest < celsius < highest else None


def _number(host: Host, path: str) -> int | None:
    text = host.sys_if_any(path)
    try:
        return None if text is None else int(text)
    except ValueError:
        return None
