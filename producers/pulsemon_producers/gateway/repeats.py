"""Which batch ids were answered lately, so that asking again costs nothing and another body is noticed."""

from collections import OrderedDict
from dataclasses import dataclass

WINDOW_MS = 24 * 3600 * 1000
MAX_IDS = 100_000


@dataclass(frozen=True, slots=True)
class Answered:
    """What was written under an id: the digest of its body, and how many items were taken."""

    digest: str
    accepted: int
    at_ms: int


class Repeats:
    """The ids of one day, of each key; more than ``MAX_IDS`` push out the oldest.

    Another gateway does not know them. There the identity of the batches does the same, at the reader.
    """

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[str, str], Answered] = OrderedDict()

    def answered(self, key_id: str, batch_id: str, now_ms: int) -> Answered | None:
        """What was answered to an id before; None if it is new."""
        found = self._known.get((key_id, batch_id))
        return found if found is not None and now_ms - found.at_ms < WINDOW_MS else None

    def keep(self, key_id: str, batch_id: str, answered: Answered) -> None:
        """Remembers an id whose batches are in the log."""
        self._known[key_id, batch_id] = answered
        self._known.move_to_end((key_id, batch_id))
        if len(self._known) > MAX_IDS:
            self._known.popitem(last=False)
