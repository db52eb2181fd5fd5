"""The present of the simulated servers: a batch of each at every tick, through Kafka."""

import heapq
import logging
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pulsemon_schemas.runtime.kafka import KafkaSettings
from pulsemon_schemas.runtime.own_metrics import OwnMetrics

from pulsemon_deploy.simulate.feed import Feed
from pulsemon_deploy.simulate.fleet import fleet
from pulsemon_deploy.simulate.noise import key
from pulsemon_deploy.simulate.outlet import Outlet
from pulsemon_deploy.simulate.register import register
from pulsemon_deploy.simulate.settings import SimulatorSettings
from pulsemon_deploy.simulate.vitals import Vitals

log = logging.getLogger(__name__)

SHORTEST_PAUSE_SECONDS = 0.05
# So that neither acknowledgements nor the stop are waited for longer.
LONGEST_PAUSE_SECONDS = 1.0
ROLE = "simulator"


@dataclass(frozen=True, slots=True)
class Sent:
    """What was sent, and how many batches of it the broker acknowledged."""

    batches: int
    samples: int
    acknowledged: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Own:
    """Under which server the simulator tells about itself, and how often."""

    server_id: str
    interval_seconds: float


def run(
    settings: SimulatorSettings,
    kafka: KafkaSettings,
    stop: threading.Event,
    ready: Callable[[], None],
    own: Own | None = None,
) -> Sent:
    """Registers the servers and sends until ``stop``, or for the duration of the settings.

    Calls ``ready`` at the first acknowledgement. Without ``own`` nothing is told about the simulator itself.
    TransientError if the servers could not be registered.
    """
    servers = fleet(settings.servers, settings.seed)
    register(kafka, servers, stop)
    outlet = Outlet(kafka, ready)
    vitals = Vitals(len(servers), outlet)
    metrics = OwnMetrics(own.server_id, ROLE, own.interval_seconds, outlet.send_own) if own else None
    began = time.monotonic()
    timetable = Timetable(settings, time.time())
    for server in servers:
        timetable.add(Feed(settings.seed, server, settings.interval_seconds, lambda: uuid.uuid4().hex))
    while not stop.is_set() and not _is_over(settings, began):
        for feed, tick in timetable.due(time.time()):
            outlet.send(feed, tick, round(time.time() * 1000))
            vitals.made(time.time() - tick)
        if metrics is not None:
            metrics.step(round(time.time() * 1000), vitals.samples)
        outlet.poll()
        pause = timetable.next_at - time.time()
        stop.wait(min(max(pause, SHORTEST_PAUSE_SECONDS), LONGEST_PAUSE_SECONDS))
    outlet.close()
    log.info("%s batches sent, %s acknowledged", outlet.batches, outlet.acknowledged)
    return Sent(outlet.batches, outlet.samples, outlet.acknowledged, time.monotonic() - began)


class Timetable:
    """When each feed takes a batch and sends it: every interval, at a second of its own in it."""

    def __init__(self, settings: SimulatorSettings, now: float) -> None:
        self._settings = settings
        self._now = int(now)
        self._queue: list[tuple[int, int, Feed]] = []

    @property
    def next_at(self) -> int:
        """When something is due next (seconds since 1970)."""
        return self._queue[0][0]

    def add(self, feed: Feed) -> None:
        """The first tick of a feed is its first after now."""
        interval = self._settings.interval_seconds
        # full minutes are the history's: where the two meet, no tick is taken twice
        phase = 1 + key(self._settings.seed, "phase", feed.server.index) % max(interval - 1, 1)
        tick = (self._now - phase) // interval * interval + interval + phase
        heapq.heappush(self._queue, (tick, feed.server.index, feed))

    def due(self, now: float) -> Iterator[tuple[Feed, int]]:
        """Feeds whose time has come, with the tick (seconds). Ticks missed by a whole interval are not made up for."""
        interval = self._settings.interval_seconds
        while self.next_at <= now:
            planned, index, feed = self._queue[0]
            tick = planned + (int(now) - planned) // interval * interval
            heapq.heapreplace(self._queue, (tick + interval, index, feed))
            yield feed, tick


def _is_over(settings: SimulatorSettings, began: float) -> bool:
    return settings.duration_seconds > 0 and time.monotonic() - began >= settings.duration_seconds
