"""Which samples can move a rule at all."""

import math

from pulsemon_schemas.rules import Rule

MARGIN = 1e-6
"""Minutes are kept as Float32, and an average of samples below a limit may be rounded onto it."""
WITHIN_SAMPLES = frozenset({"last", "avg", "min", "max", "p50", "p95"})
"""The value of such a window is never beyond all of its samples."""


def bound_of(rule: Rule) -> float | None:
    """What a sample in the window must reach so that the value can reach the first limit; None if any sample may do."""
    if not rule.levels or rule.window.function not in WITHIN_SAMPLES:
        return None
    limit = rule.levels[0].limit
    margin = abs(limit) * MARGIN + math.ulp(limit)
    return limit - margin if rule.fires_above else limit + margin
