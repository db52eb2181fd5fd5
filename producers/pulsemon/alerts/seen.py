"""How far each alert has come."""

from collections import OrderedDict

MAX_ALERTS = 100_000


class Seen:
    """The last transition of each alert that was handled; of the newest ``max_alerts`` alerts, about 20 MB when full.

    >>> seen = Seen()
    >>> seen.add("a1", 2)
    >>> seen.has("a1", 1), seen.has("a1", 2), seen.has("a1", 3), seen.has("a2", 0)
    (True, True, False, False)
    """

    def __init__(self, max_alerts: int = MAX_ALERTS) -> None:
        self._max_alerts = max_alerts
        self._last: OrderedDict[str, int] = OrderedDict()

    def has(self, alert_id: str, transition: int) -> bool:
        """Whether this transition, or a later one of the alert, was handled."""
        last = self._last.get(alert_id)
        return last is not None and transition <= last

    def add(self, alert_id: str, transition: int) -> None:
        """Remembers that it was handled; the alert that was silent for longest is forgotten when there are too many."""
        self._last[alert_id] = transition
        self._last.move_to_end(alert_id)
        if len(self._last) > self._max_alerts:
            self._last.popitem(last=False)
