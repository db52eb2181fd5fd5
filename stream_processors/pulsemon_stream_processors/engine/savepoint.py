"""A server as it was before something was done to it, so that this is done whole or not at all."""

from collections.abc import Iterable
from copy import copy
from operator import attrgetter
from typing import Any

from pulsemon_stream_processors.engine.judged import Judged
from pulsemon_stream_processors.engine.server import Server, Silence

SERVER_FIELDS = tuple(
    name for name in Server.__slots__ if name not in {"ended", "open", "plans", "producers", "silence"}
)
_server_of = attrgetter(*SERVER_FIELDS)
_silence_of = attrgetter(*Silence.__slots__)


class Savepoint:
    """Made before the server is touched; watches are kept before they are. Samples in windows are not kept.

    One is made for each batch, so it costs little: what is rare to change is kept where it is about to.
    """

    __slots__ = ("_containers", "_fields", "_kept", "_seen", "_server", "_silence", "_silence_alert", "_watches")

    def __init__(self, server: Server) -> None:
        self._server = server
        self._fields = _server_of(server)
        self._silence = _silence_of(server.silence)
        alert = server.silence.alert
        self._silence_alert = None if alert is None else copy(alert)
        self._containers = dict(server.open), list(server.ended), list(server.plans)
        self._seen = dict(server.producers.last)
        self._kept: list[tuple[Judged, tuple[Any, ...]]] = []
        self._watches: dict[Any, Judged] | None = None

    def keep(self, watches: Iterable[Judged]) -> None:
        """Keeps what rules and transitions change in watches."""
        self._kept += [(watch, watch.kept()) for watch in watches]

    def keep_all(self) -> None:
        """Keeps which watches there are, and all of them."""
        if self._watches is None:
            self._watches = dict(self._server.watches)
            self.keep(self._watches.values())

    def back(self) -> None:
        """Brings all that was kept to where it was."""
        server = self._server
        _set(server, SERVER_FIELDS, self._fields)
        _set(server.silence, Silence.__slots__, self._silence)
        server.silence.alert = self._silence_alert
        server.open, server.ended, server.plans = self._containers
        server.producers.last = self._seen
        if self._watches is not None:
            server.watches = self._watches
        for watch, kept in reversed(self._kept):
            watch.put_back(kept)


def _set(target: object, names: Iterable[str], values: Iterable[Any]) -> None:
    for name, value in zip(names, values, strict=True):
        setattr(target, name, value)
