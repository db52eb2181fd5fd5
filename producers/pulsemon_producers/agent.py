"""The agent: a thin loop that collects at each tick and hands the samples to the sender."""

import importlib.metadata
import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass

from pulsemon_schemas import catalogue
from pulsemon_schemas.runtime.kafka import KafkaSettings
from pulsemon_schemas.topics import METRICS

from pulsemon_producers import self_metrics
from pulsemon_producers.admission import Admission, Sample
from pulsemon_producers.backlog import Backlog
from pulsemon_producers.backlogs import OpenedBacklog, open_backlog
from pulsemon_producers.collectors.base import Collector, Point, Tick
from pulsemon_producers.collectors.builtin import built_in
from pulsemon_producers.collectors.host import Host
from pulsemon_producers.crew import Crew
from pulsemon_producers.drafts import Drafter
from pulsemon_producers.intervals import metric_intervals_ms
from pulsemon_producers.publisher import Publisher
from pulsemon_producers.schedule import Due, Schedule, phase_ms
from pulsemon_producers.selection import select
from pulsemon_producers.sender import Sender
from pulsemon_producers.settings import AgentSettings
from pulsemon_producers.state_lock import held
from pulsemon_producers.tally import Tally
from pulsemon_producers.transports import open_publisher

log = logging.getLogger(__name__)

DISTRIBUTION = "pulsemon"
MS_PER_SECOND = 1000
DRAIN_SECONDS = 3.0
COLLECTORS_END_SECONDS = 0.5
"""With the drain and the transport's end well within the five seconds that a stopping agent may take."""


@dataclass(slots=True)
class Agent:
    """What the loop works with. Not thread-safe: the loop alone calls it."""

    host: Host
    crew: Crew
    admission: Admission
    schedule: Schedule
    drafter: Drafter
    backlog: Backlog
    tally: Tally
    intervals_ms: Mapping[str, int]
    off: frozenset[str]
    publisher: Publisher | None = None
    missed: int = 0
    previous_ms: int | None = None

    def step(self) -> float:
        """Collects if a tick is due; returns how many seconds nothing can be due."""
        due = self.schedule.due(self._wall_ms(), self.host.monotonic_seconds())
        if due is not None:
            self._tick(due)
        return self.schedule.wait_seconds(self._wall_ms())

    def _tick(self, due: Due) -> None:
        self.missed += due.missed
        tick = Tick(due.recorded_at_ms, self.previous_ms, self.host.boot_id(), self.intervals_ms, self.off)
        samples: list[Sample] = []
        for outcome in self.crew.collect(tick):
            member = self.crew.members[outcome.collector]
            admitted, refused = self.admission.admit(
                outcome.collector, outcome.tick, outcome.points, member.collector.names
            )
            samples += admitted
            member.errors += refused
        samples += self.admission.admit(self_metrics.NAME, tick, self._own_points(due))[0]
        self.previous_ms = due.recorded_at_ms
        drafts, repeated = self.drafter.drafts(due.recorded_at_ms, samples)
        self.tally.drop("invalid", repeated)
        for draft in drafts:
            self.backlog.put(draft)

    def _own_points(self, due: Due) -> Iterable[Point]:
        yield from self_metrics.collection_points(self.crew.members, due.lateness_seconds, self.missed)
        yield from self_metrics.delivery_points(self.tally.totals(), self.backlog.fill(), self._wall_ms())
        yield from self_metrics.cost_points(self_metrics.own_usage())
        yield from self_metrics.clock_points(self.publisher.clock_skew_seconds if self.publisher else None)

    def _wall_ms(self) -> int:
        return int(self.host.wall_seconds() * MS_PER_SECOND)


def run(
    settings: AgentSettings,
    kafka: KafkaSettings | None,
    stop: threading.Event,
    ready: Callable[[], None],
    *,
    topic: str = METRICS.name,
    host: Host | None = None,
    collectors: Callable[[Host, AgentSettings], Iterable[Collector]] = built_in,
) -> None:
    """Collects and sends until ``stop`` is set, then drains and returns within five seconds.

    Calls ``ready`` once, from another thread, when the first batch was acknowledged. ``kafka`` is needed for that
    transport alone. Whoever takes the batches may be away: they wait, and what finds no room is dropped, oldest first,
    and counted. Raises PermanentError if another agent uses the state folder, or if sending has failed in a way that no
    retry mends.
    """
    host = host or Host(agent_version=importlib.metadata.version(DISTRIBUTION))
    publisher = open_publisher(settings, kafka, topic)
    serve(settings, publisher, stop, ready, host, collectors(host, settings))


def serve(
    settings: AgentSettings,
    publisher: Publisher,
    stop: threading.Event,
    ready: Callable[[], None],
    host: Host,
    collectors: Iterable[Collector],
) -> None:
    """As ``run``, with these collectors and this way to send, which it closes."""
    with held(settings.state_dir) if settings.state_dir else nullcontext():
        tally = Tally()
        opened = open_backlog(settings, tally)
        agent = assemble(settings, opened, tally, host, collectors, publisher)
        log.info("Agent of %s: every %g s.", settings.server_id, settings.interval_seconds)
        sender = Sender(agent.backlog, publisher, tally, ready)
        try:
            while not stop.wait(agent.step()):
                sender.check()
        finally:
            agent.crew.close(COLLECTORS_END_SECONDS)
            sender.close(DRAIN_SECONDS)
            publisher.close()
            agent.backlog.end()
    log.info("Agent stopped: %d samples delivered.", tally.totals().delivered)


def assemble(
    settings: AgentSettings,
    opened: OpenedBacklog,
    tally: Tally,
    host: Host,
    collectors: Iterable[Collector],
    publisher: Publisher | None = None,
) -> Agent:
    """The agent with its collectors' threads running. Without a known predecessor it leaves the running tick alone.

    ``publisher`` is asked what the other side's clock says, and nothing else.
    """
    metrics = select(catalogue.METRICS, settings.enable, settings.disable)
    intervals_ms = metric_intervals_ms(metrics, settings.interval_ms)
    phase = phase_ms(settings.server_id, settings.interval_ms)
    return Agent(
        host=host,
        crew=Crew.of(collectors, settings.interval_ms),
        admission=Admission(metrics, intervals_ms),
        schedule=Schedule(settings.interval_ms, phase, opened.previous.used, begins_at_once=opened.knows_predecessor),
        drafter=Drafter(),
        backlog=opened.backlog,
        tally=tally,
        intervals_ms=intervals_ms,
        off=frozenset(metric.name for metric in metrics if not metric.default_on),
        publisher=publisher,
    )
