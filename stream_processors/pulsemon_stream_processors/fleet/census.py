"""How many servers each environment has, and how many of them are silent."""

from typing import NamedTuple

SILENT = frozenset({"stale", "down"})
COUNTED = SILENT | {"ok", "warning", "critical"}
"""Retired servers and those in maintenance may be silent, and a new one has not spoken yet."""


class Count(NamedTuple):
    """Of one environment."""

    servers: int = 0
    silent: int = 0


class Census:
    """Counts servers as they come, change and go. ``touched`` are the environments whose counts may be others now."""

    def __init__(self) -> None:
        self.touched: set[str] = set()
        self._places: dict[str, tuple[str, bool]] = {}
        self._counts: dict[str, Count] = {}

    def put(self, server_id: str, environment: str, status: str, *, is_registered: bool) -> None:
        """What is known of a server now. One that nobody registered is new for ever, and was heard of by its data."""
        self.drop(server_id)
        if status in COUNTED or (status == "new" and not is_registered):
            is_silent = status in SILENT
            self._places[server_id] = (environment, is_silent)
            self._add(environment, 1, is_silent)

    def drop(self, server_id: str) -> None:
        """A server counts no more."""
        place = self._places.pop(server_id, None)
        if place is not None:
            self._add(place[0], -1, -place[1])

    def count(self, environment: str) -> Count:
        """Of an environment; zeros for one without servers."""
        return self._counts.get(environment, Count())

    def environments(self) -> set[str]:
        """Those that have servers."""
        return set(self._counts)

    def _add(self, environment: str, servers: int, silent: int) -> None:
        before = self.count(environment)
        after = Count(before.servers + servers, before.silent + silent)
        self.touched.add(environment)
        if after.servers:
            self._counts[environment] = after
        else:
            del self._counts[environment]
