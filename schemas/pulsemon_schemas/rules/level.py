"""Reads how long a level waits, whatever it is that it judges."""

from pulsemon_schemas.rules.fields import Fields
from pulsemon_schemas.rules.rule import Level

MAX_FOR_SECONDS = 7 * 24 * 3600.0


def read_times(fields: Fields) -> tuple[float, float]:
    """``for_seconds`` and ``keep_firing_seconds``."""
    times = fields.number("for_seconds", 0.0, minimum=0.0), fields.number("keep_firing_seconds", 0.0, minimum=0.0)
    if max(times) > MAX_FOR_SECONDS:
        fields.problem("for_seconds", f"and keep_firing_seconds must be at most {MAX_FOR_SECONDS:.0f}")
    return times


def times_body(level: Level) -> dict[str, float]:
    """The fields that ``read_times`` reads, without what is usual."""
    times = {"for_seconds": level.for_seconds, "keep_firing_seconds": level.keep_firing_seconds}
    return {name: seconds for name, seconds in times.items() if seconds}
