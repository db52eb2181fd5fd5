"""Faust's queue of fetched events, bounded by bytes too: a backlog of large batches must not fill the memory."""

from collections.abc import Callable
from typing import Any

from mode.utils.queues import ThrowableQueue

EVENT_BYTES = 1024
"""What an event takes beside its value: the objects of Faust and aiokafka around it."""
DROP_SHARE = 0.4
"""Fetching goes on when so much of the bound is left, as with Faust's own bound by count."""


class ByteBoundQueue(ThrowableQueue[Any]):
    """Says that it is under pressure at ``max_bytes``, or at Faust's count of events, whichever comes first.

    What is fetched already is still taken, so that nothing waits: some megabytes more.
    """

    def __init__(self, max_bytes: int, **more: Any) -> None:
        self._max_bytes = max_bytes
        self.held_bytes = 0
        super().__init__(**more)

    def clear(self) -> None:
        """Forgets all events."""
        super().clear()
        self.held_bytes = 0

    def in_pressure_high_state(self, callback: Callable[..., Any]) -> bool:
        """Whether fetching should stop now; ``callback`` is called when it may go on."""
        if self.held_bytes < self._max_bytes:
            return bool(super().in_pressure_high_state(callback))
        pending = self._pending_pressure_drop_callbacks
        if callback in pending:
            return False
        pending.add(callback)
        self.on_pressure_high()
        return True

    def maybe_endorse_pressure_drop(self) -> None:
        """Lets fetching go on when there is room by both bounds."""
        if self.held_bytes <= self._max_bytes * DROP_SHARE:
            super().maybe_endorse_pressure_drop()

    def _put(self, item: Any) -> None:
        super()._put(item)
        self.held_bytes += _bytes_of(item)

    def _get(self) -> Any:
        item = super()._get()
        self.held_bytes -= _bytes_of(item)
        return item


def _bytes_of(event: Any) -> int:
    return EVENT_BYTES + len(event.message.value or b"")
