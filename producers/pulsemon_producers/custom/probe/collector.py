"""The collector of one probe: a thread of its own for each target, so that none waits for another."""

import logging
from collections import Counter
from collections.abc import Iterable, Iterator

from pulsemon_producers.collectors.base import Collector, Point, Tick, counter, gauge
from pulsemon_producers.collectors.host import Host
from pulsemon_producers.custom.checks import shown_url
from pulsemon_producers.custom.probe.settings import ProbeSettings
from pulsemon_producers.custom.probe.target import Target, Verdict

log = logging.getLogger(__name__)

SPARE_SECONDS = 2.0


class ProbeCollector(Collector):
    """Asks one target at its interval. One that does not answer is a value, not an error of the collector.

    Its settings' ``ca_file`` is read at the first tick; one that cannot be read is the error of every run.
    """

    needs_two_readings = False

    def __init__(self, host: Host, settings: ProbeSettings) -> None:
        super().__init__(host)
        self.name = f"probe.{settings.name}"
        self.interval_seconds = settings.interval_seconds
        # a second look at a certificate has the rest of the time, a resolver without an answer all of it
        self.deadline_seconds = settings.timeout_seconds + SPARE_SECONDS
        self._settings = settings
        self._labels = {"probe": settings.name}
        self._failures: Counter[str] = Counter()
        self._is_up = True
        self._target: Target | None = None

    def collect(self, tick: Tick) -> Iterable[Point]:  # noqa: ARG002 - the answer is that of the moment
        """Asks, and yields what came of it. Raises OSError if the authorities cannot be read."""
        if self._target is None:
            self._target = Target(self._settings)
        verdict = self._target.ask()
        if verdict.failure is not None:
            self._failures[verdict.failure.reason] += 1
        self._tell(verdict)
        return list(self._points(verdict))

    def close(self) -> None:
        """Ends the resolvers' threads."""
        if self._target is not None:
            self._target.close()

    def _points(self, verdict: Verdict) -> Iterator[Point]:
        yield gauge("probe.up", verdict.failure is None, self._labels)
        yield gauge("probe.duration", sum(verdict.phases.values()), self._labels)
        for phase, seconds in verdict.phases.items():
            yield gauge("probe.phase.duration", seconds, {**self._labels, "phase": phase})
        for reason, count in self._failures.items():
            yield counter("probe.failures", count, {**self._labels, "reason": reason})
        if verdict.answer is not None:
            yield gauge("probe.http.status", verdict.answer.status, self._labels)
            yield gauge("probe.http.body.size", len(verdict.answer.body), self._labels)
        if (end := verdict.not_after_seconds) is not None:
            yield gauge("probe.tls.expiry", end - self.host.wall_seconds(), self._labels)

    def _tell(self, verdict: Verdict) -> None:
        """Logs when it changes."""
        is_up = verdict.failure is None
        if is_up and not self._is_up:
            log.info("Probe %s: %s answers as wanted again.", self._settings.name, shown_url(self._settings.url))
        elif not is_up and self._is_up:
            log.warning(
                "Probe %s: %s does not answer as wanted, %s. probe.up is 0 until it does.",
                self._settings.name,
                shown_url(self._settings.url),
                verdict.failure,
            )
        self._is_up = is_up
