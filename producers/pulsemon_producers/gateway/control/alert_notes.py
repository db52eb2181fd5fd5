"""What people did to alerts and said about them, from the control log."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from pulsemon_producers.gateway.control.configuration import Held

MAX_ALERTS = 20_000
MAX_NOTES = 100
COMMENT = "comment"


@dataclass(frozen=True, slots=True)
class Note:
    """One command, or one comment."""

    version: int
    at_ms: int
    author: str
    on_behalf_of: str
    what: str
    text: str
    until_ms: int


class AlertNotes:
    """The newest notes of the alerts that had any lately."""

    def __init__(self, max_alerts: int = MAX_ALERTS, max_notes: int = MAX_NOTES) -> None:
        self._max_alerts = max_alerts
        self._max_notes = max_notes
        self._notes: OrderedDict[str, list[Note]] = OrderedDict()

    def hear(self, held: Held) -> None:
        """Takes a command or a comment; what makes no sense is passed over, as the processor does."""
        body = held.body
        alert_id, until = body.get("alert_id"), body.get("until_ms", 0)
        if held.is_ended or not isinstance(alert_id, str):
            return
        note = Note(
            held.version,
            held.at_ms,
            held.author,
            held.on_behalf_of,
            str(body.get("command", COMMENT)),
            str(body.get("note", body.get("text", ""))),
            int(until) if isinstance(until, int | float) else 0,
        )
        notes = self._notes.setdefault(alert_id, [])
        notes.append(note)
        del notes[: -self._max_notes]
        self._notes.move_to_end(alert_id)
        if len(self._notes) > self._max_alerts:
            self._notes.popitem(last=False)

    def of(self, alert_id: str) -> Sequence[Note]:
        """The oldest first."""
        return tuple(self._notes.get(alert_id, ()))
