"""An alert that has not ended."""

from dataclasses import dataclass
from typing import NamedTuple

PENDING, FIRING, ACKNOWLEDGED, FLAPPING = "pending", "firing", "acknowledged", "flapping"
RESOLVED, UNKNOWN, EXPIRED = "resolved", "unknown", "expired"
ENDED = frozenset({RESOLVED, EXPIRED})
HOLDING = frozenset({FIRING, ACKNOWLEDGED, FLAPPING, UNKNOWN})
"""States in which an alert counts for the status of its server: neither unknown nor flapping is calm."""


class Evidence(NamedTuple):
    """What was judged: the value of the window, its samples, and the offset of the first record in it."""

    value: float
    sample_count: int
    first_offset: int


@dataclass(slots=True)
class Alert:
    """``transition`` is the number of the last one, -1 before the first; the rest is as of it.

    ``start_offset`` is that of the first record that took part in the condition, -1 after the window was edited, until
    the next sample; ``evidence`` is what was judged last.
    ``late``: the last transition was made by late data; ``is_confirmed``: not all of them were.
    While it flaps, ``is_calm`` says on which side it is, and ``suggested`` which recovery value would have kept it one.
    ``acknowledged_until_ms`` is 0 for no end. ``unknown_ms`` is the elapsed time at which the alert became unknown.
    """

    id: str
    started_ms: int
    start_offset: int
    transition: int = -1
    state: str = ""
    level: str = ""
    late: bool = False
    is_confirmed: bool = False
    evidence: Evidence | None = None
    acknowledged_until_ms: int = 0
    unknown_ms: int = -1
    is_calm: bool = False
    suggested: float | None = None
    suppressed_by: tuple[str, ...] = ()
