"""The one status of a server, from all that is known of it."""

from collections.abc import Iterable

STATUSES = ("retired", "maintenance", "down", "stale", "critical", "warning", "ok", "new")
"""From the one that hides all others."""

ALIVE, STALE, DOWN = "", "stale", "down"


def status_of(
    *, retired: bool, maintenance: bool, silence: str, levels: Iterable[str], registered: bool, seen: bool
) -> str:
    """``silence`` is "", stale or down; ``levels`` are those of the alerts that fire. Info leaves a server ok.

    A server is new until its first batch; one that nobody registered is new where others are ok.
    """
    firing = set(levels)
    holds = {
        "retired": retired,
        "maintenance": maintenance,
        "down": silence == DOWN,
        "stale": silence == STALE,
        "critical": "critical" in firing,
        "warning": "warning" in firing,
        "ok": registered and seen,
    }
    return next((status for status, held in holds.items() if held), "new")
