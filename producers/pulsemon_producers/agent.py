"""The agent: a thin loop that collects at each tick and hands the samples to the sender."""

import importlib.metadata
import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from pulsemon_schemas import catalogue
from pulsemon_schemas.runtime.kafka import KafkaSettings
from pulsemon_schemas.topics import METRICS

from pulsemon_producers import self_metrics
from pulsemon_producers.admission import Admission, Sample
from pulsemon_producers.batches import Sealer
from pulsemon_producers.collectors.base import Collector, Point, Tick
from pulsemon_producers.collectors.builtin import BUILT_IN
from pulsemon_producers.collectors.host import Host
from pulsemon_producers.crew import Crew
from pulsemon_producers.drafts import Drafter
from pulsemon_producers.intervals import metric_intervals_ms
from pulsemon_producers.kafka_publisher import KafkaPublisher
from pulsemon_producers.outbox import Outbox
from pulsemon_producers.schedule import Due, Schedule, phase_ms
from pulsemon_producers.sender import Sender
from pulsemon_producers.settings import AgentSettings
from pulsemon_producers.state_file import UNKNOWN, ProducerState, StateFile
from pulsemon_producers.tally import Tally

log = logging.getLogger(__name__)

DISTRIBUTION = "pulsemon"
SOURCE = "agent"
CLIENT_ID = "pulsemon-agent"
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
    outbox: Outbox
    tally: Tally
    intervals_ms: Mapping[str, int]
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
        tick = Tick(due.recorded_at_ms, self.previous_ms, self.host.boot_id(), self.intervals_ms)
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
            self.outbox.put(draft)

    def _own_points(self, due: Due) -> Iterable[Point]:
        yield from self_metrics.collection_points(self.crew.members, due.lateness_seconds, self.missed)
        yield from self_metrics.delivery_points(self.tally.totals(), self.outbox.fill(), self._wall_ms())
        yield from self_metrics.cost_points(self_metrics.own_usage())

    def _wall_ms(self) -> int:
        return int(self.host.wall_seconds() * MS_PER_SECOND)


def run(
    settings: AgentSettings,
    kafka: KafkaSettings,
    stop: threading.Event,
    ready: Callable[[], None],
    *,
    topic: str = METRICS.name,
    host: Host | None = None,
    collectors: Iterable[type[Collector]] = BUILT_IN,
) -> None:
    """Collects and sends until ``stop`` is set, then drains and returns within five seconds.

    Calls ``ready`` once, from another thread, when the broker has acknowledged the first batch. A broker that is away
    is waited for; what does not fit the memory meanwhile is dropped, oldest first, and counted. Raises PermanentError
    if sending has failed in a way that no retry mends.
    """
    host = host or Host(agent_version=importlib.metadata.version(DISTRIBUTION))
    host.bind_psutil()
    state_file = StateFile(settings.state_dir)
    previous = state_file.load()
    agent = _assemble(settings, previous, host, collectors)
    sealer = Sealer(settings.server_id, SOURCE, state_file, previous or UNKNOWN, settings.interval_ms)
    publisher = KafkaPublisher(kafka, CLIENT_ID, topic)
    log.info("Agent of %s, producer %s: every %g s.", settings.server_id, sealer.producer_id, settings.interval_seconds)
    sender = Sender(agent.outbox, sealer, publisher, agent.tally, ready)
    try:
        while not stop.wait(agent.step()):
            sender.check()
    finally:
        agent.crew.close(COLLECTORS_END_SECONDS)
        sender.close(DRAIN_SECONDS)
        publisher.close()
    log.info("Agent stopped: %d samples delivered.", agent.tally.totals().delivered)


def _assemble(
    settings: AgentSettings, previous: ProducerState | None, host: Host, collectors: Iterable[type[Collector]]
) -> Agent:
    """The agent with its collectors' threads running. Without a known predecessor it leaves the running tick alone."""
    metrics = catalogue.METRICS
    intervals_ms = metric_intervals_ms(metrics, settings.interval_ms)
    phase = phase_ms(settings.server_id, settings.interval_ms)
    used = (previous or UNKNOWN).used
    tally = Tally()
    return Agent(
        host=host,
        crew=Crew.of((collector(host) for collector in collectors), settings.interval_ms),
        admission=Admission(metrics, intervals_ms),
        schedule=Schedule(settings.interval_ms, phase, used, begins_at_once=previous is not None),
        drafter=Drafter(),
        outbox=Outbox(settings.buffer_samples, tally),
        tally=tally,
        intervals_ms=intervals_ms,
    )
