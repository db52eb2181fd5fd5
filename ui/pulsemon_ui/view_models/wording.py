"""Values and times as people read them."""

from dataclasses import dataclass

NONE = "\N{EN DASH}"

_PREFIXES = ("", "k", "M", "G", "T", "P")


@dataclass(frozen=True, slots=True)
class Scale:
    """What an axis shows: values times ``factor``, in ``unit`` (charts in JSON cannot format by themselves)."""

    factor: float
    unit: str


def scale_for(unit: str, largest: float) -> Scale:
    """The scale in which the largest value of an axis has one to three digits before the point."""
    if unit == "1":
        return Scale(100.0, "%")
    if unit in ("By", "By/s"):
        prefix, power = _prefix(largest)
        return Scale(1000.0**-power, f"{prefix}{unit.replace('By', 'B')}")
    if unit == "s":
        return Scale(1000.0, "ms") if largest < 1 else Scale(1.0, "s")
    prefix, power = _prefix(largest) if largest >= 10_000 else ("", 0)
    return Scale(1000.0**-power, f"{prefix}{_plain(unit)}")


def value_text(value: float | None, unit: str) -> str:
    """A value with its unit: ``93%``, ``2.82 GB/s``, ``4.7 ms``; an en dash for none."""
    if value is None or value != value:
        return NONE
    scale = scale_for(unit, abs(value))
    number = value * scale.factor
    if scale.unit == "%":
        return f"{number:.1f}%" if abs(number) < 9.95 else f"{number:.0f}%"
    if unit == "s" and abs(value) >= 120:
        return duration_text(value)
    return f"{_three_digits(number)} {scale.unit}".strip()


def duration_text(seconds: float) -> str:
    """``45 s``, ``12 min``, ``3 h 16 min``, ``5 d 2 h``."""
    whole = int(max(0, seconds))
    if whole < 90:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min"
    if whole < 172_800:
        return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
    return f"{whole // 86_400} d {whole % 86_400 // 3600} h"


def count_text(count: int, noun: str) -> str:
    """``1 server``, ``12 servers``."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _plain(unit: str) -> str:
    """``{thread}/s`` is read as ``/s``."""
    return unit.split("}", 1)[1] if unit.startswith("{") and "}" in unit else unit


def _prefix(largest: float) -> tuple[str, int]:
    power = 0
    while abs(largest) >= 1000 and power < len(_PREFIXES) - 1:
        largest /= 1000
        power += 1
    return _PREFIXES[power], power


def _three_digits(number: float) -> str:
    if number == 0:
        return "0"
    if abs(number) >= 100:
        return f"{number:,.0f}"
    return f"{number:.1f}" if abs(number) >= 10 else f"{number:.2f}"
