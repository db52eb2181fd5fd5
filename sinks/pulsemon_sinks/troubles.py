"""What keeps the sink from storing, said once: when it begins, when it changes and when it ends.

One cause makes many suffer, each topic and each partition, and each tries again several times a second.
"""

import logging
import time

from pulsemon_schemas.errors import TransientError

from pulsemon_sinks.clickhouse.errors import StoreRefusedError, StoreUnreachableError

log = logging.getLogger(__name__)

Trouble = TransientError | StoreRefusedError


class Troubles:
    """Who suffers from what. ``who`` names an activity, a cause is what errors have in common."""

    def __init__(self) -> None:
        self._causes: dict[str, str] = {}
        self._since: dict[str, float] = {}

    @property
    def count(self) -> int:
        """How many causes somebody suffers from now."""
        return len(set(self._causes.values()))

    def begin(self, who: str, error: Trouble) -> None:
        """An activity failed; logged if its cause is a new one."""
        cause = cause_of(error)
        if self._causes.get(who) == cause:
            return
        is_new = cause not in self._causes.values()
        self._causes[who] = cause
        if is_new:
            self._since[cause] = time.monotonic()
            log.warning("%s. It is tried again; nothing more is logged until that changes.", _sentence(error))

    def end(self, who: str) -> None:
        """An activity succeeded, or is ours no more; logged if nobody suffers from its cause any longer."""
        cause = self._causes.pop(who, None)
        if cause is not None and cause not in self._causes.values():
            seconds = time.monotonic() - self._since.pop(cause)
            log.info("%s: over after %.0f s, storing goes on.", cause, seconds)


def cause_of(error: Trouble) -> str:
    """What is the same about errors that come of one cause, whatever numbers and addresses their texts have."""
    if isinstance(error, StoreUnreachableError):
        return "ClickHouse does not answer"
    if isinstance(error, StoreRefusedError):
        return "The disk of ClickHouse is full" if error.is_disk_full else f"ClickHouse refuses with code {error.code}"
    return getattr(error, "cause", "Kafka does not answer")


def _sentence(error: Trouble) -> str:
    if isinstance(error, StoreRefusedError):
        advice = "free some space there" if error.is_disk_full else "the same bytes are sent again"
        return f"{error}; nothing was lost, {advice}"
    return str(error)
