"""What was dropped, by reason: told in the next batch, in the library's own metrics, and once a cause in the log."""

from collections.abc import Mapping

from pulsemon_producers.client.sums import Sum

DROP_REASONS: Mapping[str, str] = {
    "cardinality": "It belongs to a series beyond the bounds of the client.",
    "closed": "It came after the client was closed.",
    "invalid": "Its name, its labels or its value are of no use.",
    "queue_full": "It was the oldest that waited when there was no more room.",
    "too_large": "The broker will never take a record of this size.",
    "undelivered": "The process ended before the broker had it.",
}
"""All reasons there are; the catalogue lists the same."""
LOST = ("closed", "undelivered")
"""Reasons after which there is no batch any more that could tell of it."""
MAX_TOLD = 200


class Drops:
    """Counts since the client began. Thread-safe; never blocks, never raises."""

    def __init__(self) -> None:
        self.begin_anew()

    def begin_anew(self) -> None:
        """Forgets all counts: in a forked child they are its parent's."""
        self._sums = {reason: Sum() for reason in DROP_REASONS}
        self._reported = dict.fromkeys(DROP_REASONS, 0)
        self._told: set[str] = set()

    def count(self, reason: str, count: int, what: str) -> None:
        """``count`` values are gone. ``what`` says which and why; the same text is logged once."""
        self._sums[reason].add(count)
        if what in self._told or len(self._told) >= MAX_TOLD:
            return
        self._told.add(what)
        # imported when it is first needed: it would take a fifth of the time that importing the library takes
        import logging

        rest = (
            "That is lost"
            if reason in LOST
            else f"What is dropped is counted in pulsemon.client.dropped{{reason={reason}}}"
        )
        logging.getLogger(__name__).warning("%s. %s; the same is not logged again.", what, rest)

    def totals(self) -> dict[str, int]:
        """Everything since the beginning; every reason is there, so that its series begins at 0."""
        return {reason: round(dropped.total()) for reason, dropped in self._sums.items()}

    def take_unreported(self) -> dict[str, int]:
        """What was dropped since the last call: it goes into the next batch. For one thread."""
        totals = self.totals()
        fresh = {reason: total - self._reported[reason] for reason, total in totals.items()}
        self._reported = totals
        return {reason: count for reason, count in fresh.items() if count}
