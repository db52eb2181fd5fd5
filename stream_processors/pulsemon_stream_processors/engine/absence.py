"""Servers that fall silent: judged at Ticks, while the log runs and their batches do not come."""

from typing import Any

from pulsemon_schemas.rules import Rule
from pulsemon_schemas.rules.status import ALIVE, DOWN, STALE

from pulsemon_stream_processors.engine.alert import EXPIRED, FIRING, RESOLVED, UNKNOWN, Alert
from pulsemon_stream_processors.engine.identity import alert_id
from pulsemon_stream_processors.engine.lifecycle import Lifecycle, Subject
from pulsemon_stream_processors.engine.log_time import LogTime
from pulsemon_stream_processors.engine.server import Server

HOST_SOURCES = frozenset({"agent", "gateway", "simulator"})
"""Who speaks for the host; a service has a life of its own."""
PAUSE_MS = 90_000
"""A host that says nothing for longer is away; what its series do is only counted from its next batch on."""
NO_LABELS: dict[str, Any] = {}


class Absence:
    """A silence only gets worse until a batch ends it: neither a hole in the log nor a new limit is a sign of life."""

    def __init__(self, time: LogTime, lifecycle: Lifecycle) -> None:
        self._time = time
        self._lifecycle = lifecycle

    def end(self, server: Server, producer_id: str, sequence: int, offset: int) -> None:
        """A batch that speaks for the host is here."""
        silence = server.silence
        if self._time.elapsed_ms - silence.seen_ms > PAUSE_MS or silence.seen_ms < 0:
            silence.back_ms = self._time.elapsed_ms
        silence.seen_ms = self._time.elapsed_ms
        silence.last_seen_ms = self._time.clock_ms
        silence.producer_id = producer_id
        silence.sequence = sequence
        silence.offset = offset
        silence.is_closed = False
        silence.state = ALIVE
        if silence.alert is not None:
            self._close(server, RESOLVED, "a batch is here again")

    def judge(self, server: Server) -> None:
        """At a Tick: has the server been silent for too long?"""
        silence, rule = server.silence, server.silence.rule
        if rule is None or silence.seen_ms < 0:
            return
        silent_ms = self._time.silence_ms(silence.seen_ms)
        if silent_ms < rule.stale_seconds * 1000:
            return
        level = _level(rule, silent_ms)
        if level and silence.state != DOWN:
            silence.state = DOWN
        elif silence.state == ALIVE:
            silence.state = STALE
        if level and not silence.is_closed:
            self._fire(server, rule, level)

    def take_rule(self, server: Server, rule: Rule | None, actor: str = "", unreadable: str = "") -> None:
        """Another rule, or another version, judges from here on; ``unreadable`` as of ``Configuration``."""
        silence = server.silence
        if silence.alert is not None and (rule is None or silence.rule is None or rule.id != silence.rule.id):
            if rule is not None:
                reason = "; ".join(filter(None, (unreadable, f"rule {rule.id} judges the server now")))
            else:
                reason = unreadable or "its rule was deleted or disabled"
            self._close(server, EXPIRED, reason, actor)
        silence.rule = rule
        if silence.alert is not None and rule is not None and rule.level(silence.alert.level) is None:
            self._close(server, EXPIRED, f"the rule has no level {silence.alert.level} any more", actor)
        if rule is None:
            silence.state = ALIVE

    def close(self, server: Server, state: str, reason: str, actor: str) -> None:
        """Ends the alert without a batch; there is no other before the next batch."""
        if server.silence.alert is not None:
            self._close(server, state, reason, actor)
            server.silence.is_closed = True

    def lose(self, server: Server, reason: str) -> None:
        """Records are missing: nobody knows whether the server spoke."""
        alert, rule = server.silence.alert, server.silence.rule
        if alert is not None and rule is not None and alert.state != UNKNOWN:
            self._lifecycle.by_tick(server, _subject(rule), alert, UNKNOWN, alert.level, reason)

    def _fire(self, server: Server, rule: Rule, level: str) -> None:
        silence = server.silence
        alert = silence.alert
        if alert is None:
            found = alert_id(server.server_id, rule.id, "", silence.producer_id, silence.sequence)
            silence.alert = alert = Alert(found, silence.last_seen_ms, silence.offset)
        elif alert.state == UNKNOWN:
            level = max(level, alert.level, key=lambda name: _rank(rule, name))
        elif _rank(rule, level) <= _rank(rule, alert.level):
            return
        limit = rule.level(level)
        seconds = limit.limit if limit else 0.0
        self._lifecycle.by_tick(server, _subject(rule), alert, FIRING, level, f"no batch for {seconds:g} s")

    def _close(self, server: Server, state: str, reason: str, actor: str = "") -> None:
        silence = server.silence
        assert silence.alert is not None
        assert silence.rule is not None
        self._lifecycle.by_tick(
            server, _subject(silence.rule), silence.alert, state, silence.alert.level, reason, actor
        )
        silence.alert = None


def _subject(rule: Rule) -> Subject:
    return Subject(rule, "", NO_LABELS)


def _level(rule: Rule, silent_ms: int) -> str:
    return next((level.name for level in reversed(rule.levels) if silent_ms >= level.limit * 1000), "")


def _rank(rule: Rule, name: str) -> int:
    return next((at for at, level in enumerate(rule.levels) if level.name == name), -1)
