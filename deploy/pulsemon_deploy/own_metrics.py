"""How a role of this machine tells about itself: under the id of this host, through a small producer of its own."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from pulsemon_schemas.runtime.kafka import Config
from pulsemon_schemas.runtime.own_metrics import OwnMetrics, Sample, Tell
from pulsemon_schemas.runtime.publisher import Publisher
from pulsemon_schemas.topics import METRICS

from pulsemon_deploy.installation import Installation

# A broker that is away costs these roles next to nothing; those that live of it say that it is away.
PATIENT: Config = {"reconnect.backoff.max.ms": 10_000, "log_level": 2}


@contextmanager
def telling(own: Installation, role: str, more: Callable[[], Iterable[Sample]] = tuple) -> Iterator[Tell | None]:
    """What a role calls again and again; None if nobody is to tell anything. ``more`` is told beside what it says."""
    seconds = own.local.own_metrics_seconds
    if not seconds:
        yield None
        return
    publisher = Publisher(own.kafka(role), f"pulsemon-{role}-own", METRICS.name, PATIENT)
    metrics = OwnMetrics(own.agent().server_id, role, seconds, publisher.send)
    try:
        yield lambda wall_ms, collect: metrics.step(wall_ms, lambda: [*collect(), *more()])
    finally:
        publisher.close()
