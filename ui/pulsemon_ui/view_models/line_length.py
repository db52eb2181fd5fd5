"""How far back a small line goes."""

HOUR_SECONDS = 3600
# Few windows, which all viewers share; a day is far enough to see a trouble.
WINDOWS_SECONDS = (HOUR_SECONDS, 3 * HOUR_SECONDS, 6 * HOUR_SECONDS, 12 * HOUR_SECONDS, 24 * HOUR_SECONDS)
BEFORE = 1.3


def line_seconds(age_seconds: float) -> int:
    """How far back a line goes for a trouble of this age: to before its start, unless that is more than a day ago."""
    return next((one for one in WINDOWS_SECONDS if one >= age_seconds * BEFORE), WINDOWS_SECONDS[-1])
