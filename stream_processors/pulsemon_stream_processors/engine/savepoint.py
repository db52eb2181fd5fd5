"""A server as it was before a record, so that the record is applied whole or not at all."""

from collections.abc import Iterable
from copy import copy
from operator import attrgetter
from typing import Any

from pulsemon_stream_processors.engine.server import Server, Silence
from pulsemon_stream_processors.engine.watch import Watch

SERVER_FIELDS = tuple(
    name for name in Server.__slots__ if name not in {"ended", "open", "plans", "producers", "silence"}
)
WATCH_FIELDS = ("rule", "conditions", "crosses", "trigger")
_server_of = attrgetter(*SERVER_FIELDS)
_silence_of = attrgetter(*Silence.__slots__)
_watch_of = attrgetter(*WATCH_FIELDS)


class Savepoint:
    """Made before a record touches the server; watches are kept before they are touched.

    What is kept for each batch is little: a batch costs tens of microseconds, and this is a share of it.
    """

    __slots__ = ("_containers", "_fields", "_rules", "_seen", "_server", "_silence", "_silence_alert", "_watches")

    def __init__(self, server: Server) -> None:
        self._server = server
        self._fields = _server_of(server)
        self._silence = _silence_of(server.silence)
        alert = server.silence.alert
        self._silence_alert = None if alert is None else copy(alert)
        self._containers: tuple[Any, ...] = (dict(server.open), list(server.ended), list(server.plans))
        self._seen = dict(server.producers.last)
        self._watches: list[tuple[Any, ...]] = []
        self._rules: tuple[dict[Any, Watch], list[tuple[Any, ...]]] | None = None

    def keep(self, watches: Iterable[Watch]) -> None:
        """Keeps what samples and transitions change in watches."""
        self._watches += [
            (
                watch,
                watch.last_ms,
                watch.step_ms,
                watch.seen_ms,
                watch.failed_version,
                None if watch.is_idle else _held(watch),
                watch.window,
                watch.window.kept() if watch.window is not None else None,
            )
            for watch in watches
        ]

    def keep_rules(self) -> None:
        """Keeps which watches there are, and all that another version of a rule changes in them."""
        if self._rules is None:
            watches = self._server.watches
            self._rules = dict(watches), [(watch, *_watch_of(watch)) for watch in watches.values()]
            self.keep(watches.values())

    def back_to(self, watch: Watch) -> None:
        """Brings one watch that was kept, and whether it is open, to where it was."""
        for kept in reversed(self._watches):
            if kept[0] is watch:
                _bring_back(kept)
        self._open(watch)

    def back(self) -> None:
        """Brings all that was kept to where it was."""
        server = self._server
        for name, value in zip(SERVER_FIELDS, self._fields, strict=True):
            setattr(server, name, value)
        for name, value in zip(Silence.__slots__, self._silence, strict=True):
            setattr(server.silence, name, value)
        server.silence.alert = self._silence_alert
        server.open, server.ended, server.plans = self._containers
        server.producers.last = self._seen
        if self._rules is not None:
            server.watches, rules = self._rules
            for watch, *values in rules:
                for name, value in zip(WATCH_FIELDS, values, strict=True):
                    setattr(watch, name, value)
        for kept in reversed(self._watches):
            _bring_back(kept)

    def _open(self, watch: Watch) -> None:
        if watch.alert is None:
            self._server.open.pop(watch.key, None)
        else:
            self._server.open[watch.key] = watch


def _held(watch: Watch) -> tuple[Any, dict[str, tuple[int, bool, int]]]:
    states = {name: (one.since_ms, one.is_on, one.calm_ms) for name, one in watch.conditions.items()}
    return copy(watch.alert), states


def _bring_back(kept: tuple[Any, ...]) -> None:
    watch: Watch = kept[0]
    _, watch.last_ms, watch.step_ms, watch.seen_ms, watch.failed_version, held, watch.window, window = kept
    watch.is_idle = held is None
    watch.alert, states = held or (None, None)
    for name, condition in watch.conditions.items():
        condition.clear()
        if states is not None and name in states:
            condition.since_ms, condition.is_on, condition.calm_ms = states[name]
    if watch.window is not None:
        watch.window.bring_back(window)
