"""How long something shall last, as a field of a body. Pure."""

from pulsemon_schemas.rules.fields import Fields

MS = 1000


def duration_ms(
    fields: Fields, name: str, default_seconds: float, minimum_seconds: float, maximum_seconds: float
) -> int:
    """A number of seconds in milliseconds; the default where there is none, or a wrong one, which is reported."""
    seconds = fields.number(name, default_seconds, minimum=minimum_seconds)
    if seconds > maximum_seconds:
        fields.problem(name, f"must be at most {maximum_seconds:.0f}")
        seconds = default_seconds
    return round(seconds * MS)
