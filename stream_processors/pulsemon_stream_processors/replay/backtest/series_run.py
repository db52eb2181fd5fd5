"""One series under one rule, by the engine's own parts: what a partition would have said of it."""

from collections.abc import Iterable, Mapping

from pulsemon_schemas import codec
from pulsemon_schemas.records import AlertEvent
from pulsemon_schemas.rules import Rule, ServerProfile
from pulsemon_schemas.series_history import SeriesKey
from pulsemon_schemas.topics import ALERTS

from pulsemon_stream_processors.engine import Place
from pulsemon_stream_processors.engine.alert import Evidence
from pulsemon_stream_processors.engine.configuration import Configuration
from pulsemon_stream_processors.engine.journal import Journal
from pulsemon_stream_processors.engine.judged import Key
from pulsemon_stream_processors.engine.lifecycle import Lifecycle
from pulsemon_stream_processors.engine.log_time import LogTime
from pulsemon_stream_processors.engine.moment import Moment
from pulsemon_stream_processors.engine.no_data import EXPIRE_MS, GONE_MS, GONE_STEPS, UNKNOWN_STEP_MS, NoData
from pulsemon_stream_processors.engine.server import Server
from pulsemon_stream_processors.engine.watch import Watch

NOWHERE = Place("backtest", 0, 1)
TICK_MS = 5_000
"""As often as a partition looks for series that are gone."""


class SeriesRun:
    """``feed`` takes samples in order of time. The partition's time is that of the samples, so none of them is late."""

    def __init__(self, rule: Rule, key: SeriesKey, label_map: Mapping[str, str]) -> None:
        self.events: list[AlertEvent] = []
        self.last_ms = -1
        self._rule, self._key, self._label_map = rule, key, label_map
        self._time = LogTime()
        self._journal = Journal(NOWHERE, self._time)
        self._lifecycle = Lifecycle(self._time, Configuration(), self._journal)
        self._no_data = NoData(self._time, self._lifecycle)
        self._server = Server(key.server_id)
        self._server.profile = ServerProfile(key.server_id)
        self.watch = self._unfed()

    def begin(self) -> None:
        """Forgets the samples: what comes next is far from what came before. Nothing may be open.

        When alerts came and went is kept: by that the next one may be flapping.
        """
        flips = self.watch.flips
        self.watch = self._unfed()
        self.watch.flips = flips

    def forget(self) -> None:
        """Begins anew, as if nothing had been fed."""
        self.events.clear()
        self._server.open.clear()
        self._server.ended.clear()
        self.watch = self._unfed()

    def _unfed(self) -> Watch:
        return Watch(Key(self._rule.family, self._rule.metric, self._key.labels), self._label_map, self._rule)

    @property
    def is_idle(self) -> bool:
        """Whether no alert is open: then the rule rests on its window and on when samples came, and on nothing else."""
        return self.watch.is_idle

    def feed(self, samples: Iterable[tuple[int, float]]) -> None:
        """Judges samples that come in time."""
        watch, time = self.watch, self._time
        for at_ms, value in samples:
            if at_ms <= watch.last_ms:  # stored twice
                continue
            if watch.alert is not None and at_ms - watch.last_ms >= GONE_MS:
                self._miss(at_ms)
            time.clock_ms = time.elapsed_ms = self.last_ms = at_ms
            if value - value != 0.0:  # NaN and infinite values are not judged
                continue
            evidence = watch.feed(value, Moment(at_ms, at_ms, at_ms, False, "", at_ms))
            if evidence is not None:
                self._advance(watch, at_ms, evidence)

    def _advance(self, watch: Watch, at_ms: int, evidence: Evidence) -> None:
        self._journal.begin(at_ms)
        self._lifecycle.advance(self._server, watch, Moment(at_ms, at_ms, at_ms, False, "", at_ms), evidence)
        self._take()

    def _miss(self, until_ms: int) -> None:
        """What Ticks do to an open alert while no samples come before ``until_ms``: at a few of them alone."""
        watch = self.watch
        gone_ms = max(GONE_MS, GONE_STEPS * (watch.step_ms or UNKNOWN_STEP_MS))
        for tick_ms in (_tick_at(watch.last_ms + gone_ms), _tick_at(watch.last_ms + EXPIRE_MS)):
            self._tick(tick_ms, until_ms)
        if watch.alert is not None and watch.alert.unknown_ms >= 0:
            self._tick(_tick_at(watch.alert.unknown_ms + EXPIRE_MS), until_ms)

    def _tick(self, at_ms: int, until_ms: int) -> None:
        if self.watch.alert is None or at_ms > until_ms:
            return
        self._time.clock_ms = self._time.elapsed_ms = at_ms
        self._journal.begin(at_ms)
        self._no_data.judge(self._server)
        self._take()

    def end(self, until_ms: int) -> None:
        """No sample comes before ``until_ms`` any more."""
        if self.watch.alert is not None:
            self._miss(until_ms)

    def _take(self) -> None:
        for output in self._journal.outputs:
            if output.topic == ALERTS.name and output.value is not None:
                event = codec.decode(output.value)
                assert isinstance(event, AlertEvent)
                self.events.append(event)


def _tick_at(at_ms: int) -> int:
    """The first Tick at a time or later."""
    return -(-at_ms // TICK_MS) * TICK_MS
