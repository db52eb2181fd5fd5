"""Silences and maintenance that come again, kept 60 days ahead in the control log by whichever gateway looks first.

A new version says the same but for its intervals, under a change id made of the version before it and of the day: of
two gateways that write it, one makes it, and the other gets the version that the first has made.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from pulsemon_schemas.quiet_windows import day_of, expanded, is_due, recurs
from pulsemon_schemas.rules import RuleError
from pulsemon_schemas.rules.quiet import MAINTENANCE, SILENCE

from pulsemon_producers.gateway.control.changes import Changes
from pulsemon_producers.gateway.control.configuration import Configuration, Held
from pulsemon_producers.gateway.control.preconditions import Intent
from pulsemon_producers.gateway.keyring import Principal
from pulsemon_producers.gateway.problems import VERSION_CONFLICT, Problem

log = logging.getLogger(__name__)

LOOK_SECONDS = 600.0
"""Between two looks; what is due is due once a day."""
AUTHOR = "gateway"
REASON = "the next days of its recurrence"
NOBODY = Principal("", "", AUTHOR)


class Expansion:
    """Looks at what recurs, from when the control log is read. Ended by cancelling ``run``."""

    def __init__(
        self,
        configuration: Configuration,
        changes: Changes,
        now_ms: Callable[[], int],
        is_ready: Callable[[], bool],
        look_seconds: float = LOOK_SECONDS,
    ) -> None:
        self._configuration = configuration
        self._changes = changes
        self._now_ms = now_ms
        self._is_ready = is_ready
        self._look_seconds = look_seconds
        self._looked_at: dict[tuple[str, str], tuple[int, datetime]] = {}

    async def run(self) -> None:
        """Looks at once and again, for ever."""
        while True:
            if self._is_ready():
                await self.look()
            await asyncio.sleep(self._look_seconds if self._is_ready() else min(1.0, self._look_seconds))

    async def look(self) -> int:
        """Writes what is due; returns how many were written. A version is looked at once a day."""
        written = 0
        for kind in (SILENCE, MAINTENANCE):
            for held in list(self._configuration.entities(kind).values()):
                place, looked = (kind, held.entity_id), (held.version, day_of(self._now_ms()))
                if recurs(held.body) and self._looked_at.get(place) != looked:
                    outcome = await self._expand(kind, held)
                    written += outcome is True
                    if outcome is not None:
                        self._looked_at[place] = looked
        return written

    async def _expand(self, kind: str, held: Held) -> bool | None:
        """Whether a version was made; None if it is to be tried again at the next look."""
        now_ms = self._now_ms()
        try:
            if not is_due(kind, held.entity_id, held.body, now_ms):
                return False
            body = expanded(kind, held.entity_id, held.body, now_ms)
            made = await self._changes.put((kind, held.entity_id), body, _intent(held, now_ms), NOBODY, _as_it_is)
        except RuleError as error:
            log.warning("%s; its dated intervals stay as they are. Change its recurrence, or end it.", error)
            return False
        except Problem as problem:
            if problem.kind is not VERSION_CONFLICT:  # somebody changed it just now: that version is looked at next
                log.warning("%s %s was not expanded: %s It is tried again.", kind, held.entity_id, problem.detail)
            return None
        return not made.is_repeated


def _intent(held: Held, now_ms: int) -> Intent:
    return Intent(f"expand-{held.version}-{day_of(now_ms):%F}", "", REASON, held.version, is_new=False)


def _as_it_is(held: Held) -> Mapping[str, Any]:
    """Nobody is shown a conflict."""
    return {"id": held.entity_id, "version": held.version}
