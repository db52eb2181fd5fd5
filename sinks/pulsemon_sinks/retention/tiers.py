"""The tiers that can be kept longer or shorter, their tables, and what a record of the control log says of one."""

import json
from dataclasses import dataclass

RETENTION = "retention"
"""The entity type; the id is the name of a tier."""
SHORTEST_DAYS = 2
"""Rollups of a day are made of its raw samples after its end, and a day must not end before they are."""
LONGEST_DAYS = 36_500


@dataclass(frozen=True, slots=True)
class Kept:
    """A table with the expression of its time, to which the TTL is added."""

    table: str
    time: str


TIERS: dict[str, tuple[Kept, ...]] = {
    "raw": (
        Kept("samples", "toDateTime(recorded_at)"),
        Kept("batches", "toDateTime(recorded_at)"),
        Kept("ticks", "toDateTime(append_time)"),
    ),
    "1m": (Kept("samples_1m", "starts_at"),),
    "1h": (Kept("samples_1h", "starts_at"),),
    "1d": (Kept("samples_1d", "starts_at"),),
}


def body(days: int | None) -> str:
    """What a record says; None: for ever. ValueError as ``days_of``."""
    text = json.dumps({"days": days})
    days_of(text)
    return text


def days_of(text: str) -> int | None:
    """The days in a record's body, None for ever. ValueError for any other body, with a sentence."""
    said = json.loads(text)
    if not isinstance(said, dict) or "days" not in said:
        raise ValueError('a retention says {"days": number or null}')
    days = said["days"]
    if days is None:
        return None
    if isinstance(days, bool) or not isinstance(days, int) or not SHORTEST_DAYS <= days <= LONGEST_DAYS:
        raise ValueError(f"days is {days!r}: a whole number from {SHORTEST_DAYS} to {LONGEST_DAYS}, or null for ever")
    return days
