"""Series that do not come while their host speaks: judged at Ticks, by what their rules take that for."""

from pulsemon_schemas.rules.rule import ALERT, KEEP, OK
from pulsemon_schemas.rules.status import ALIVE

from pulsemon_stream_processors.engine.alert import FIRING, PENDING, RESOLVED, UNKNOWN, Alert
from pulsemon_stream_processors.engine.identity import alert_id
from pulsemon_stream_processors.engine.judged import Judged
from pulsemon_stream_processors.engine.lifecycle import Lifecycle, subject_of
from pulsemon_stream_processors.engine.log_time import LogTime
from pulsemon_stream_processors.engine.missing import Missing
from pulsemon_stream_processors.engine.server import Server

HOUR_MS = 3_600_000
GONE_MS = 300_000
GONE_STEPS = 5
UNKNOWN_STEP_MS = HOUR_MS // 2
"""A series is gone after five minutes, or five of its usual steps if that is longer; some come once an hour."""
EXPIRE_MS = 24 * HOUR_MS
NO_SAMPLES = "the series has no samples any more"


class NoData:
    """A host that is silent says nothing about its series: their time only runs while it speaks."""

    def __init__(self, time: LogTime, lifecycle: Lifecycle) -> None:
        self._time = time
        self._lifecycle = lifecycle

    def is_due(self, server: Server) -> bool:
        """Whether a series of a server that must be there may be overdue."""
        return any(self._unseen_ms(server, watch) >= self._limit_ms(watch) for watch in server.wanted)

    def judge(self, server: Server) -> None:
        """At a Tick: alerts whose series are gone, and series that are gone without one."""
        for key in sorted(server.open):
            watch = server.open[key]
            if isinstance(watch, Missing):
                self._judge_missing(server, watch)
            else:
                self._look_for_samples(server, watch)
        for watch in server.wanted:
            if watch.alert is not None or server.silence.state != ALIVE or watch.closed_seen_ms == watch.seen_ms:
                continue
            if isinstance(watch, Missing):
                self._judge_missing(server, watch)
            elif self._limit_ms(watch) <= self._unseen_ms(server, watch) < EXPIRE_MS and watch.rule.levels:
                level = watch.rule.levels[0].name
                watch.conditions[level].enter()  # so that samples must say that it is over
                self._fire(server, watch, level, NO_SAMPLES)

    def end(self, server: Server, watch: Missing) -> None:
        """A series is there again."""
        self._lifecycle.expire(server, watch, "a sample is here again", state=RESOLVED)
        watch.closed_seen_ms = -1

    def _judge_missing(self, server: Server, watch: Missing) -> None:
        alert = watch.alert
        if watch.rule.by and self._time.silence_ms(watch.seen_ms) >= EXPIRE_MS:
            self._lifecycle.expire(server, watch, "no samples for 24 hours")
            return
        if server.silence.state != ALIVE:
            return
        level = watch.level_after(self._unseen_ms(server, watch))
        if level and (alert is None or alert.state == UNKNOWN or _rank(watch, level) > _rank(watch, alert.level)):
            self._fire(server, watch, level, watch.told(level))

    def _fire(self, server: Server, watch: Judged, level: str, reason: str) -> None:
        alert = watch.alert
        if alert is None:
            last = watch if isinstance(watch, Missing) else server.silence
            found = alert_id(server.server_id, watch.rule.id, watch.key.labels, last.producer_id, last.sequence)
            started_ms = watch.seen_at_ms if isinstance(watch, Missing) else self._time.clock_ms
            watch.alert = alert = Alert(found, started_ms, last.offset)
            watch.is_idle = False
            server.open[watch.key] = watch
        elif alert.state == UNKNOWN and _rank(watch, alert.level) > _rank(watch, level):
            level = alert.level
        self._lifecycle.by_tick(server, subject_of(watch), alert, FIRING, level, reason)

    def _look_for_samples(self, server: Server, watch: Judged) -> None:
        alert, no_data = watch.alert, watch.rule.no_data
        if alert is None:
            return
        silence_ms = self._time.silence_ms(watch.seen_ms)
        if alert.state == UNKNOWN and self._time.elapsed_ms - alert.unknown_ms >= EXPIRE_MS:
            self._lifecycle.expire(server, watch, "no samples for 24 hours")
        elif silence_ms < _gone_ms(watch):
            return
        elif no_data in {KEEP, ALERT} and alert.state != PENDING:
            if silence_ms >= EXPIRE_MS:
                self._lifecycle.expire(server, watch, "no samples for 24 hours")
        elif no_data == OK and alert.state != PENDING:
            self._lifecycle.expire(server, watch, f"{NO_SAMPLES}, which its rule takes for calm", state=RESOLVED)
        else:
            self._lifecycle.lose(server, watch, NO_SAMPLES)

    def _unseen_ms(self, server: Server, watch: Judged) -> int:
        """How long the host has spoken without the series."""
        silence = server.silence
        return silence.seen_ms - max(watch.seen_ms, silence.back_ms, self._time.hole_ms)

    def _limit_ms(self, watch: Judged) -> float:
        if isinstance(watch, Missing):
            return 1000 * watch.rule.levels[0].limit if watch.rule.levels else float("inf")
        return _gone_ms(watch)


def _gone_ms(watch: Judged) -> int:
    return max(GONE_MS, GONE_STEPS * (watch.step_ms or UNKNOWN_STEP_MS))


def _rank(watch: Judged, name: str) -> int:
    return next((at for at, level in enumerate(watch.rule.levels) if level.name == name), -1)
