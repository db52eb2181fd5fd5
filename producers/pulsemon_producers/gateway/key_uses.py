"""When each key was last used here: kept in memory, and told to the log now and then.

Not in the control log, which is kept for ever: in a topic of its own that keeps the newest record of a key.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Protocol

from pulsemon_schemas.key_use import encode
from pulsemon_schemas.topics import KEY_USE

log = logging.getLogger(__name__)

TOLD_EVERY_MS = 15 * 60_000
"""So exact is what others know; 100 000 keys that are always in use so make 110 records a second."""
LOOK_SECONDS = 30.0
AT_ONCE = 500
PARTITION = 0


class Log(Protocol):
    """Where records go."""

    async def append(self, topic: str, key: bytes, value: bytes, partition: int) -> int:
        """The offset of the record, once all replicas have it. Raises OSError if that is not known."""
        ...


class KeyUses:
    """Used in one thread. It has at most as many keys as let somebody in."""

    def __init__(self) -> None:
        self._used: dict[str, int] = {}
        self._told: dict[str, int] = {}
        self._is_away = False

    def note(self, key_id: str, now_ms: int) -> None:
        """The key was good for something."""
        self._used[key_id] = now_ms

    async def run(self, writer: Log, now_ms: Callable[[], int]) -> None:
        """Tells what is due, for ever."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            await self.publish(writer, now_ms() - TOLD_EVERY_MS)

    async def publish(self, writer: Log, told_before_ms: int) -> None:
        """Tells of the keys that were used since, and were last told of before; what fails is due again."""
        due = [
            key_id
            for key_id, used_ms in self._used.items()
            if used_ms > (told := self._told.get(key_id, -1)) and told <= told_before_ms
        ]
        for at in range(0, len(due), AT_ONCE):
            outcomes = await asyncio.gather(
                *(self._tell(writer, key_id) for key_id in due[at : at + AT_ONCE]), return_exceptions=True
            )
            failures = [one for one in outcomes if isinstance(one, BaseException)]
            self._look_at(failures)
            if failures:
                return

    async def _tell(self, writer: Log, key_id: str) -> None:
        used_ms = self._used[key_id]
        await writer.append(KEY_USE.name, key_id.encode(), encode(used_ms), PARTITION)
        self._told[key_id] = used_ms

    def _look_at(self, failures: list[BaseException]) -> None:
        """Once for each change."""
        if failures and not self._is_away:
            log.warning(
                "When keys were last used cannot be told: %s. It is tried again; nothing else waits.", failures[0]
            )
        self._is_away = bool(failures)
